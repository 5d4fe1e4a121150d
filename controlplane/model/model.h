// Model: what goferd knows of its servers, their connections and rules.

#ifndef GOFERD_CONTROLPLANE_MODEL_MODEL_H_
#define GOFERD_CONTROLPLANE_MODEL_MODEL_H_

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "controlplane/model/connection_counts.h"
#include "controlplane/model/event_log.h"
#include "controlplane/model/server_record.h"
#include "server/base/mutex.h"

namespace goferd::model {

namespace admin = goferd::admin::v1;

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
  // Claims an id for a gofer that lives already, so that nobody else adopts it
  // and no server is made with it. False when it is claimed.
  bool BeginAdoption(const std::string& id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    return adopting_.insert(id).second;
  }
  void EndAdoption(const std::string& id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    adopting_.erase(id);
  }
  bool IsBeingAdopted(const std::string& id) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    return adopting_.contains(id);
  }
  // SERVER_NOT_FOUND.
  static absl::Status NoServer(absl::string_view id);
  ConnectionRecord* FindConnection(ServerRecord& server,
                                   absl::string_view uid) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);

  // Tells of the server as it is now: a new etag and an event.
  void Add(ServerPtr server) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  void Changed(ServerRecord& server) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
  // INTERNAL_FAULT, and nothing has changed, when it may not follow: see
  // MayFollow.
  absl::Status SetState(ServerRecord& server, admin::Server::State state)
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
           absl::Duration retention) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu) {
    EndAt(absl::Now(), server, connection, reason, detail, retention);
  }
  // One that ended at `time`, if that is not to come.
  void EndAt(absl::Time time, ServerRecord& server,
             ConnectionRecord& connection, admin::Connection::EndReason reason,
             absl::string_view detail, absl::Duration retention)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu);
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
  std::set<std::string> adopting_ ABSL_GUARDED_BY(mu);
  ConnectionCounts totals_ ABSL_GUARDED_BY(mu);
  uint64_t next_etag_ ABSL_GUARDED_BY(mu) = 1;
};

}  // namespace goferd::model

#endif  // GOFERD_CONTROLPLANE_MODEL_MODEL_H_
