#include "controlplane/gofers/gofer_watch.h"

#include <utility>

#include "server/base/log.h"

namespace goferd::gofers {

using gofer::base::Log;
using model::ModelLock;

void GoferWatch::Watch(const model::ModelLock&, model::ServerRecord& server,
                       std::shared_ptr<process::GoferProcess> process) {
  auto watch = threads_.loop().AddReadable(
      process->pidfd(),
      [this, id = server.id, generation = server.gofer.generation] {
        on_exit_(id, generation);
      });
  server.gofer.process = std::move(process);
  server.gofer.is_ending = false;
  server.resource.set_gofer_pid(server.gofer.process->pid());
  if (watch.ok()) {
    server.gofer.watch = *std::move(watch);
    return;
  }
  Log().error("{}: its gofer cannot be watched: {}", server.name(),
              std::string(watch.status().message()));
}

void GoferWatch::ReleaseGofer(const ModelLock& lock,
                              model::ServerRecord& server) {
  // The members go from the last to the first: a process's descriptor is closed
  // when nobody watches it any more.
  struct Parts {
    std::shared_ptr<process::GoferProcess> process;
    std::unique_ptr<event_loop::EventLoop::Watch> watch;
  };
  ReleaseLink(lock, server);
  if (server.gofer.process == nullptr) return;
  auto parts = std::make_shared<Parts>();
  parts->process = std::exchange(server.gofer.process, nullptr);
  parts->watch = std::exchange(server.gofer.watch, nullptr);
  threads_.pool().Drop(std::move(parts));
}

void GoferWatch::ReleaseLink(const model::ModelLock&,
                             model::ServerRecord& server) {
  threads_.pool().Drop(std::exchange(server.link.current, nullptr));
}

}  // namespace goferd::gofers
