// Model: what goferd knows of its servers, their connections and rules.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_MODEL_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_MODEL_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "controlplane/supervisor/condition_queue.h"
#include "controlplane/supervisor/event_log.h"
#include "controlplane/supervisor/gofer_link.h"
#include "controlplane/supervisor/gofer_process.h"
#include "controlplane/supervisor/supervisor.h"
#include "controlplane/worker/event_loop.h"
#include "server/base/mutex.h"

namespace goferd::supervisor {

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
  std::string id;
  admin::Server resource;
  std::string resolved_root;
  // A mutation runs.
  bool busy = false;
  // Its time is over: it goes when its last connection has.
  bool expiring = false;
  // Null when no gofer runs, or it does not answer.
  std::shared_ptr<GoferLink> link;
  std::shared_ptr<GoferProcess> process;
  std::unique_ptr<worker::EventLoop::Watch> watch;
  // Tells the events of this gofer from those of one before it.
  uint64_t generation = 0;
  // Of the gofer of that generation.
  ConditionQueue conditions;
  uint64_t conditions_generation = 0;
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

// Not thread-safe but by its mutex: whoever reads or changes holds `mu`, and
// asks no gofer meanwhile. Each change of a resource goes through a method
// here, which keeps the counts and publishes the event.
class Model {
 public:
  explicit Model(EventLog& events) : events_(events) {}

  mutable gofer::base::Mutex mu;

  using ServerPtr = std::shared_ptr<ServerRecord>;
  const ById<ServerPtr>& servers() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    return servers_;
  }
  // Null when there is none.
  ServerPtr Find(absl::string_view id) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  // SERVER_NOT_FOUND.
  static absl::Status NoServer(absl::string_view id);
  ConnectionRecord* FindConnection(ServerRecord& server,
                                   absl::string_view uid) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);

  // Tells of the server as it is now: a new etag and an event.
  void Add(ServerPtr server) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  void Changed(ServerRecord& server) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  void SetState(ServerRecord& server, admin::Server::State state)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  // With its connections and rules.
  void Remove(const ServerPtr& server) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);

  // Makes an invisible record, counted as pending.
  ConnectionRecord& AddConnection(ServerRecord& server,
                                  admin::Connection resource)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  void Announce(ServerRecord& server, ConnectionRecord& connection)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  void Changed(ServerRecord& server, ConnectionRecord& connection)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  // Counts only; Changed tells.
  void SetState(ServerRecord& server, ConnectionRecord& connection,
                admin::Connection::State state)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  // The first end stays. Tells, unless it had ended.
  void End(ServerRecord& server, ConnectionRecord& connection,
           admin::Connection::EndReason reason, absl::string_view detail,
           absl::Duration retention) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  // Ends all that have not.
  void EndAll(ServerRecord& server, admin::Connection::EndReason reason,
              absl::string_view detail, absl::Duration retention)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  void RemoveConnection(ServerRecord& server, absl::string_view connection_id)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);

  // Replaces one of the same id, if there is.
  void PutRule(ServerRecord& server, RuleRecord rule)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  void RemoveRule(ServerRecord& server, absl::string_view rule_id)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  // In the order of evaluation.
  static std::vector<const RuleRecord*> RulesInOrder(
      const ServerRecord& server);

  void HandlerChanged(const ServerRecord& server, admin::Handler handler)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);

  const ConnectionCounts& totals() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    return totals_;
  }
  std::string NewEtag() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  EventLog& events() { return events_; }

 private:
  void Count(ServerRecord& server, admin::Connection::State state, int by)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  void Publish(admin::Event::Type type, const ServerRecord& server)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  void Publish(admin::Event::Type type, const ConnectionRecord& connection)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  void Publish(admin::Event::Type type, const RuleRecord& rule)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);

  EventLog& events_;
  ById<ServerPtr> servers_ ABSL_GUARDED_BY(mu);
  ConnectionCounts totals_ ABSL_GUARDED_BY(mu);
  uint64_t next_etag_ ABSL_GUARDED_BY(mu) = 1;
};

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_MODEL_H_
