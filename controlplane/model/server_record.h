// ServerRecord: what goferd knows of one server, its connections and rules.

#ifndef GOFERD_CONTROLPLANE_MODEL_SERVER_RECORD_H_
#define GOFERD_CONTROLPLANE_MODEL_SERVER_RECORD_H_

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
#include "server/base/mutex.h"

namespace goferd::model {

namespace admin = goferd::admin::v1;

template <class T>
using ById = std::map<std::string, T, std::less<>>;

struct ConnectionRecord {
  admin::Connection resource;
  // Announced: false while it is being made.
  bool visible = false;
  // Of its tickets; zero for the daemon's default.
  absl::Duration ticket_ttl;
  // Its ticket was used; the gofer is being given the socket.
  bool attaching = false;
  uint64_t open_files = 0;
};

struct RuleRecord {
  admin::HandlerRule resource;
  uint64_t age_number = 0;
};

struct ServerRecord {
  ServerRecord() = default;
  ServerRecord(const ServerRecord&) = delete;
  ServerRecord& operator=(const ServerRecord&) = delete;

  std::string id;
  admin::Server resource;
  std::string resolved_root;
  // A mutation runs.
  bool busy = false;
  // Null when no gofer runs, or nobody is at the other end. These are let go of
  // by Lifecycle only, and without the lock: it is wanted by what they wait
  // for.
  std::shared_ptr<link::GoferLink> link;
  std::shared_ptr<process::GoferProcess> process;
  // Of `process`, which outlives it.
  std::unique_ptr<event_loop::EventLoop::Watch> watch;
  // Tells this gofer from one before it.
  uint64_t generation = 0;
  // Of the gofer of that generation.
  ConditionQueue conditions;
  uint64_t conditions_generation = 0;
  // Tells the events of this link from those of one before it.
  uint64_t link_generation = 0;
  // All that the gofer has is here: a link that comes anew tells nothing that
  // we did not cause.
  bool acquainted = false;
  // A new link is under way, and how often in a row it was.
  bool reconnecting = false;
  int reconnects_in_a_row = 0;
  // When the gofer was last told from a dead one: by its start or adoption.
  absl::Time linked_at = absl::InfinitePast();
  // Takes no more connections, whatever becomes of the gofer.
  bool draining = false;
  // When an adopted one ended; it is forgotten a while after.
  absl::Time stopped_at = absl::InfiniteFuture();
  // What the gofer has of worker::v1::Capability, and the ids that it knows.
  std::vector<int> capabilities;
  std::vector<uint32_t> known_mids;
  admin::LogLevel log_level = admin::LOG_LEVEL_UNSPECIFIED;
  // Deaths without a minute's life between them.
  int failures_in_a_row = 0;
  absl::Time started_at;

  ById<ConnectionRecord> connections;
  ById<std::string> connection_ids;  // By uid.
  ConnectionCounts counts;
  ById<RuleRecord> rules;
  uint64_t next_rule_age = 1;
  // Empty: the stock table.
  std::vector<admin::HandlerAssignment> assignments;
  // Held by whoever changes rules or the table, while the gofer is asked.
  // Before Model::mu.
  gofer::base::Mutex overrides_mu;

  std::string name() const;
  // Pending and active ones.
  int64_t live_connections() const {
    return counts.by_state[admin::Connection::PENDING_ATTACH] + counts.active();
  }
  bool Can(int capability) const;
};

std::string ServerName(absl::string_view server_id);
std::string ConnectionName(absl::string_view server_id,
                           absl::string_view connection_id);
std::string RuleName(absl::string_view server_id, absl::string_view rule_id);
// Whether a connection in this state is over.
bool HasEnded(admin::Connection::State state);

}  // namespace goferd::model

#endif  // GOFERD_CONTROLPLANE_MODEL_SERVER_RECORD_H_
