// MemoryWatch: which servers are short of memory.

#ifndef GOFERD_CONTROLPLANE_GOFERS_MEMORY_WATCH_H_
#define GOFERD_CONTROLPLANE_GOFERS_MEMORY_WATCH_H_

#include <atomic>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "controlplane/event_loop/event_loop.h"
#include "controlplane/gofers/threads.h"
#include "controlplane/model/model.h"
#include "controlplane/process/cgroup.h"
#include "server/base/unique_fd.h"

namespace goferd::gofers {

// Sets the condition MEMORY_PRESSURE of servers whose gofer has a control group
// with a limit, and takes it away. Whoever owns it calls Check every now and
// then; when a group's memory.events tells of something, it is done soon after,
// ten times a second at most. Thread-safe. Outlives whatever its threads run.
class MemoryWatch {
 public:
  // Both outlive it.
  MemoryWatch(model::Model& model, Threads& threads)
      : model_(model), threads_(threads) {}

  // Without this, and when it fails, the calls of Check are all there is. Once.
  absl::Status Start();
  // Looks at all groups. On a thread of the pool.
  void Check();

 private:
  // On the loop's thread.
  void OnEvents();
  void Apply(const model::ServerPtr& server, uint64_t generation,
             const process::Cgroup::Memory& memory);

  model::Model& model_;
  Threads& threads_;
  std::atomic<bool> soon_ = false;
  // In this order: the descriptor outlives its watch.
  gofer::base::UniqueFd inotify_;
  std::unique_ptr<event_loop::EventLoop::Watch> watch_;
};

}  // namespace goferd::gofers

#endif  // GOFERD_CONTROLPLANE_GOFERS_MEMORY_WATCH_H_
