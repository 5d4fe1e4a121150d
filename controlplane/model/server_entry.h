// ServerEntry: a server's place in the model, and the door to its record.

#ifndef GOFERD_CONTROLPLANE_MODEL_SERVER_ENTRY_H_
#define GOFERD_CONTROLPLANE_MODEL_SERVER_ENTRY_H_

#include <memory>
#include <string>
#include <utility>

#include "controlplane/model/model_lock.h"
#include "controlplane/model/server_record.h"
#include "server/base/mutex.h"

namespace goferd::model {

// What identifies a server never changes and needs no lock. All else is its
// record, which nobody reaches without a ModelLock: a reference to the record
// must not be kept for longer than the lock that it was got with.
//
// Shared by the model and by those who work on the server; one that was removed
// from the model lives on until they are done. Thread-safe.
class ServerEntry {
 public:
  explicit ServerEntry(ServerRecord record)
      : id_(record.id), name_(record.name()), record_(std::move(record)) {}
  ServerEntry(const ServerEntry&) = delete;
  ServerEntry& operator=(const ServerEntry&) = delete;

  const std::string& id() const { return id_; }
  // The resource name, "servers/ID".
  const std::string& name() const { return name_; }

  ServerRecord& record(const ModelLock&) { return record_; }

  // Held by whoever changes the rules or the handler table, while the gofer is
  // asked: without it the gofer and the model could have two changes in another
  // order. Taken before the model's lock.
  gofer::base::Mutex& overrides_mu() ABSL_LOCK_RETURNED(overrides_mu_) {
    return overrides_mu_;
  }

 private:
  const std::string id_;
  const std::string name_;
  gofer::base::Mutex overrides_mu_;
  ServerRecord record_;
};

using ServerPtr = std::shared_ptr<ServerEntry>;

}  // namespace goferd::model

#endif  // GOFERD_CONTROLPLANE_MODEL_SERVER_ENTRY_H_
