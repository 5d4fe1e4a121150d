// ServerRecord: what goferd knows of one server, its connections and rules.

#ifndef GOFERD_CONTROLPLANE_MODEL_SERVER_RECORD_H_
#define GOFERD_CONTROLPLANE_MODEL_SERVER_RECORD_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "controlplane/event_loop/event_loop.h"
#include "controlplane/link/gofer_link.h"
#include "controlplane/model/condition_queue.h"
#include "controlplane/model/connection_counts.h"
#include "controlplane/process/gofer_process.h"
#include "goferd/admin/v1/connection.pb.h"
#include "goferd/admin/v1/handler.pb.h"
#include "goferd/admin/v1/handler_rule.pb.h"
#include "goferd/admin/v1/handler_service.pb.h"
#include "goferd/admin/v1/log_level.pb.h"
#include "goferd/admin/v1/server.pb.h"
#include "goferd/state/v1/state.pb.h"

namespace goferd::model {

namespace admin = goferd::admin::v1;

template <class T>
using ById = std::map<std::string, T, std::less<>>;

struct ConnectionRecord {
  admin::Connection resource;
  // False while the connection is being made: nobody has been told of it.
  bool visible = false;
  // The request that made it, if that had a request_id.
  state::v1::RequestKey request;
  // How long a ticket of this connection is good. Zero means the daemon's
  // default.
  absl::Duration ticket_ttl;
  // True from the moment when the ticket is used: the gofer is being given the
  // client's socket.
  bool attaching = false;
  uint64_t open_files = 0;
  // Its place among the ended connections, and the memory that it takes there;
  // 0 for one that has not ended.
  uint64_t end_number = 0;
  size_t ended_bytes = 0;

  // Whether the connection's ticket can still be used.
  bool waits_for_client() const {
    return resource.state() == admin::Connection::PENDING_ATTACH && !attaching;
  }
};

struct RuleRecord {
  admin::HandlerRule resource;
  uint64_t age_number = 0;
};

// The gofer process of a server.
struct GoferRecord {
  // Null when no gofer runs. Only GoferWatch lets go of `process` and `watch`,
  // on a thread of the pool: their destructors wait for callbacks that want the
  // model's lock.
  std::shared_ptr<process::GoferProcess> process;
  // Watches `process`, which outlives it.
  std::unique_ptr<event_loop::EventLoop::Watch> watch;
  // Tells this gofer from the server's former ones. An exit that carries
  // another generation is not this gofer's.
  uint64_t generation = 0;
  // The conditions that wait to be told, of the gofer of that generation.
  ConditionQueue conditions;
  uint64_t conditions_generation = 0;
  // Values of worker::v1::Capability.
  std::vector<int> capabilities;
  // The LISAFS message ids that the gofer serves.
  std::vector<uint32_t> known_mids;
  admin::LogLevel log_level = admin::LOG_LEVEL_UNSPECIFIED;
  absl::Time started_at;
  // When the next gofer is started for a server that is FAILED; never, unless
  // the restart policy wants one.
  absl::Time next_start = absl::InfiniteFuture();
  // It has said that it ends in order: what that means for a process whose exit
  // code cannot be read.
  bool is_ending = false;
  // How often a gofer of this server died without a healthy life in between.
  int failures_in_a_row = 0;
};

// The link to that gofer's control socket.
struct LinkRecord {
  // Null when nobody answers at the other end. Only GoferWatch lets go of it,
  // for the same reason as GoferRecord::process.
  std::shared_ptr<link::GoferLink> current;
  // Tells the events of this link from those of a former one.
  uint64_t generation = 0;
  // True once the model has everything that the gofer has. From then on a new
  // link brings no news: what the gofer has and goferd does not know comes from
  // a request whose answer was lost, and is taken back.
  bool state_imported = false;
  // A new link is under way.
  bool reconnecting = false;
  int reconnects_in_a_row = 0;
  absl::Time established_at = absl::InfinitePast();
};

// What is laid over the stock handlers of the gofer.
struct OverridesRecord {
  ById<RuleRecord> rules;
  uint64_t next_rule_age = 1;
  // Empty: the stock table.
  std::vector<admin::HandlerAssignment> assignments;
};

// Files of the state directory that cannot be read: for people, with what to
// do. Empty: they can.
struct Damage {
  // Nothing is known of the server but what its gofer says; no gofer is
  // started.
  std::string bootstrap;
  // No gofer is started without its policies.
  std::string overrides;

  bool any() const { return !bootstrap.empty() || !overrides.empty(); }
  const std::string& text() const {
    return bootstrap.empty() ? overrides : bootstrap;
  }
};

// Reached through ServerEntry::record only, which asks for the model's lock.
struct ServerRecord {
  std::string id;
  admin::Server resource;
  std::string resolved_root;
  // The request that made it, if that had a request_id.
  state::v1::RequestKey request;
  // A Mutation of this server is under way.
  bool being_changed = false;
  // The server takes no more connections, whatever becomes of its gofer.
  bool draining = false;
  // The gofer is being asked to drain: it ends connections that wait, before
  // anybody knows whether the server drains.
  bool is_told_to_drain = false;
  // Its gofer has not been told of that yet.
  bool draining_untold = false;
  // When an adopted gofer ended; the server is forgotten a while after.
  absl::Time stopped_at = absl::InfiniteFuture();

  Damage damage;
  GoferRecord gofer;
  LinkRecord link;
  OverridesRecord overrides;

  ById<ConnectionRecord> connections;
  ById<std::string> connection_ids;  // By uid.
  ConnectionCounts counts;
  // By end_number: the ids of connections that have ended.
  std::map<uint64_t, std::string> ended;
  // The memory that they take.
  size_t ended_bytes = 0;

  // The resource name, "servers/ID".
  std::string name() const;
  void SetDraining(bool drains, bool untold) {
    draining = drains;
    draining_untold = untold;
    resource.set_draining(drains);
  }
  // Pending and active connections.
  int64_t live_connections() const {
    return counts.by_state[admin::Connection::PENDING_ATTACH] + counts.active();
  }
  // Null when there is none that anybody has been told of.
  const ConnectionRecord* FindVisible(absl::string_view connection_id) const;
  // Whether the gofer has a worker::v1::Capability.
  bool Can(int capability) const;
  bool was_created() const {
    return resource.origin() == admin::Server::CREATED;
  }
};

// Whether a connection in this state is over.
bool HasEnded(admin::Connection::State state);

}  // namespace goferd::model

#endif  // GOFERD_CONTROLPLANE_MODEL_SERVER_RECORD_H_
