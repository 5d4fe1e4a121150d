// GoferWatch: the process and the link of a gofer, from when they are known to
// when they are let go of.

#ifndef GOFERD_CONTROLPLANE_GOFERS_GOFER_WATCH_H_
#define GOFERD_CONTROLPLANE_GOFERS_GOFER_WATCH_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "controlplane/gofers/threads.h"
#include "controlplane/model/model_lock.h"
#include "controlplane/model/server_record.h"
#include "controlplane/process/gofer_process.h"

namespace goferd::gofers {

// The only one that lets go of a ServerRecord's process, watch and link. Their
// destructors wait for callbacks that want the model's lock, so they go on a
// thread of the pool; whoever resets them under the lock waits for himself.
// Thread-safe.
class GoferWatch {
 public:
  // Is called on the event loop's thread, without the lock, when the gofer of
  // that generation has ended.
  using OnExit =
      std::function<void(const std::string& server_id, uint64_t generation)>;

  // `threads` outlives it.
  GoferWatch(Threads& threads, OnExit on_exit)
      : threads_(threads), on_exit_(std::move(on_exit)) {}

  // `process` is the gofer of the server's present generation from now on.
  void Watch(const model::ModelLock& lock, model::ServerRecord& server,
             std::shared_ptr<process::GoferProcess> process);

  // Lets go of all that belongs to the gofer.
  void ReleaseGofer(const model::ModelLock& lock, model::ServerRecord& server);
  // Lets go of the link only.
  void ReleaseLink(const model::ModelLock& lock, model::ServerRecord& server);

 private:
  Threads& threads_;
  const OnExit on_exit_;
};

}  // namespace goferd::gofers

#endif  // GOFERD_CONTROLPLANE_GOFERS_GOFER_WATCH_H_
