// Model: what goferd knows of its servers, their connections and rules.

#ifndef GOFERD_CONTROLPLANE_MODEL_MODEL_H_
#define GOFERD_CONTROLPLANE_MODEL_MODEL_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "controlplane/model/connection_counts.h"
#include "controlplane/model/event_log.h"
#include "controlplane/model/model_lock.h"
#include "controlplane/model/server_entry.h"
#include "controlplane/model/server_record.h"
#include "server/base/mutex.h"

namespace goferd::model {

namespace admin = goferd::admin::v1;

// Every method that takes a ModelLock works under that lock; the others are
// thread-safe by themselves. Each change of a resource goes through a method
// here, which keeps the counts right and publishes the event: a change that
// goes around them is one that no watcher hears of.
class Model {
 public:
  // The most memory that ended connections may take. Those that ended first are
  // forgotten before their time when there are more.
  struct EndedBounds {
    size_t of_server = size_t{8} << 20;
    size_t of_all = size_t{32} << 20;
  };

  // `events` outlives it.
  explicit Model(EventLog& events) : Model(events, EndedBounds()) {}
  Model(EventLog& events, const EndedBounds& bounds)
      : bounds_(bounds), events_(events) {}
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;

  const ById<ServerPtr>& servers(const ModelLock&) const { return servers_; }
  // Null when there is none.
  ServerPtr Find(const ModelLock& lock, absl::string_view id) const;
  // Claims an id for a gofer that lives already, so that nobody else adopts it
  // and no server is made with it. False when it is claimed.
  bool BeginAdoption(const ModelLock&, const std::string& id) {
    return adopting_.insert(id).second;
  }
  void EndAdoption(const ModelLock&, const std::string& id) {
    adopting_.erase(id);
  }
  bool IsBeingAdopted(const ModelLock&, const std::string& id) const {
    return adopting_.contains(id);
  }
  // SERVER_NOT_FOUND.
  static absl::Status NoServer(absl::string_view id);
  ConnectionRecord* FindConnection(const ModelLock& lock, ServerRecord& server,
                                   absl::string_view uid) const;

  // Tells of the server as it is now: a new etag and an event.
  void Add(const ModelLock& lock, ServerPtr server);
  void Changed(const ModelLock& lock, ServerRecord& server);
  // INTERNAL_FAULT, and nothing has changed, when it may not follow: see
  // MayFollow.
  absl::Status SetState(const ModelLock& lock, ServerRecord& server,
                        admin::Server::State state);
  // With its connections and rules.
  void Remove(const ModelLock& lock, const ServerPtr& server);

  // Makes an invisible record, counted as pending.
  ConnectionRecord& AddConnection(const ModelLock& lock, ServerRecord& server,
                                  admin::Connection resource);
  void Announce(const ModelLock& lock, ConnectionRecord& connection);
  void Changed(const ModelLock& lock, ConnectionRecord& connection);
  // Counts only; Changed tells.
  void SetState(const ModelLock& lock, ServerRecord& server,
                ConnectionRecord& connection, admin::Connection::State state);
  // Forward only; returns whether it moved. Counts only; Changed tells.
  bool AdvanceMountFd(const ModelLock& lock, ServerRecord& server,
                      ConnectionRecord& connection,
                      admin::Connection::MountFd mount_fd);
  // The first end stays. Tells, unless it had ended.
  void End(const ModelLock& lock, ServerRecord& server,
           ConnectionRecord& connection, admin::Connection::EndReason reason,
           absl::string_view detail, absl::Duration retention) {
    EndAt(lock, absl::Now(), server, connection, reason, detail, retention);
  }
  // One that ended at `time`, if that is not to come.
  void EndAt(const ModelLock& lock, absl::Time time, ServerRecord& server,
             ConnectionRecord& connection, admin::Connection::EndReason reason,
             absl::string_view detail, absl::Duration retention);
  // Ends all that have not.
  void EndAll(const ModelLock& lock, ServerRecord& server,
              admin::Connection::EndReason reason, absl::string_view detail,
              absl::Duration retention);
  void RemoveConnection(const ModelLock& lock, ServerRecord& server,
                        absl::string_view connection_id);

  // Replaces one of the same id, if there is.
  void PutRule(const ModelLock& lock, ServerRecord& server, RuleRecord rule);
  void RemoveRule(const ModelLock& lock, ServerRecord& server,
                  absl::string_view rule_id);
  // In the order of evaluation.
  static std::vector<const RuleRecord*> RulesInOrder(
      const ServerRecord& server);

  void HandlerChanged(const ModelLock& lock, admin::Handler handler);

  const ConnectionCounts& totals(const ModelLock&) const { return totals_; }
  EventLog& events() { return events_; }

  // For metrics. Thread-safe.
  void CountGoferRestart() { gofer_restarts_.fetch_add(1); }
  void CountGoferCrash() { gofer_crashes_.fetch_add(1); }
  int64_t gofer_restarts() const { return gofer_restarts_; }
  int64_t gofer_crashes() const { return gofer_crashes_; }

  // Whether the model has what every gofer of an earlier run has. Before that a
  // ticket or a path that the model does not know may still be somebody's.
  // Thread-safe.
  bool all_imported() const { return all_imported_; }
  // Looks whether that is so now.
  void CheckWhetherAllAreImported(const ModelLock& lock);

  // A number that no gofer and no link of this goferd has had. Thread-safe.
  uint64_t NewGeneration() { return next_generation_.fetch_add(1); }

 private:
  std::string NewEtag();
  void Count(ServerRecord& server, const admin::Connection& connection, int by);
  // Called before the lock is released, when nobody holds a reference any more.
  void ForgetEnded(const ModelLock& lock);
  void NoteEnd(const ModelLock& lock, ServerRecord& server,
               ConnectionRecord& connection);
  void Publish(admin::Event::Type type, const ServerRecord& server);
  void Publish(admin::Event::Type type, const ConnectionRecord& connection);
  void Publish(admin::Event::Type type, const RuleRecord& rule);

  friend class ModelLock;

  const EndedBounds bounds_;
  EventLog& events_;
  std::atomic<uint64_t> next_generation_ = 1;
  std::atomic<int64_t> gofer_restarts_ = 0;
  std::atomic<int64_t> gofer_crashes_ = 0;
  std::atomic<bool> all_imported_ = false;
  mutable gofer::base::Mutex mu_;
  // Reached with a ModelLock only.
  ById<ServerPtr> servers_;
  std::set<std::string> adopting_;
  ConnectionCounts totals_;
  // By end_number: servers that have ended connections.
  std::map<uint64_t, std::string> ended_;
  size_t ended_bytes_ = 0;
  uint64_t next_end_number_ = 1;
  // Servers that may have more ended connections than there is room for.
  std::set<std::string> ended_grew_;
  uint64_t next_etag_ = 1;
};

}  // namespace goferd::model

#endif  // GOFERD_CONTROLPLANE_MODEL_MODEL_H_
