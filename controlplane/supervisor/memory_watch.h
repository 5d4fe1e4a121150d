// MemoryWatch: which servers are short of memory.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_MEMORY_WATCH_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_MEMORY_WATCH_H_

#include <atomic>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "controlplane/supervisor/cgroup.h"
#include "controlplane/supervisor/context.h"
#include "controlplane/worker/event_loop.h"
#include "server/base/unique_fd.h"

namespace goferd::supervisor {

// Sets the condition MEMORY_PRESSURE of servers whose gofer has a control group
// with a limit, and takes it away. Whoever owns it calls Check every now and
// then; when a group's memory.events tells of something, it is done soon after,
// ten times a second at most. Thread-safe. Outlives whatever its context's loop
// and pool run.
class MemoryWatch {
 public:
  explicit MemoryWatch(Context& context) : context_(context) {}

  // Without this, and when it fails, the calls of Check are all there is. Once.
  absl::Status Start();
  // Looks at all groups. On a thread of the pool.
  void Check();

 private:
  // On the loop's thread.
  void OnEvents();
  void Apply(const Model::ServerPtr& server, uint64_t generation,
             const Cgroup::Memory& memory);

  Context& context_;
  std::atomic<bool> soon_ = false;
  // In this order: the descriptor outlives its watch.
  gofer::base::UniqueFd inotify_;
  std::unique_ptr<worker::EventLoop::Watch> watch_;
};

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_MEMORY_WATCH_H_
