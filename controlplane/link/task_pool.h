// TaskPool: threads for tasks that may block.

#ifndef GOFERD_CONTROLPLANE_LINK_TASK_POOL_H_
#define GOFERD_CONTROLPLANE_LINK_TASK_POOL_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "controlplane/link/lanes.h"
#include "server/base/mutex.h"
#include "server/base/thread.h"

namespace goferd::link {

// Runs tasks on a few threads, and on more when tasks block: a task that has
// run for a moment is slow, and does not count as one of the few any more. So a
// gofer that hangs holds a thread of its own and keeps no other server's tasks
// waiting. Threads beyond the few end when they are idle. The tasks of a lane
// start in the order in which they were posted; the lanes take turns. The queue
// has no bound: users post a few tasks for each server at most. Thread-safe.
class TaskPool {
 public:
  using Task = Lanes::Task;
  using SteadyTime = std::chrono::steady_clock::time_point;

  struct Size {
    // Tasks at once that are not slow.
    size_t quick = 1;
    // Threads; the last half of them is for lanes of which no task runs.
    size_t most = 1;
    // Threads at the start. Fewer when the host gives no more, but at least
    // one.
    size_t at_start = 1;
  };
  // `name` is that of the threads.
  explicit TaskPool(const Size& size, std::string name = "supervisor");
  ~TaskPool() { Stop(); }
  TaskPool(const TaskPool&) = delete;
  TaskPool& operator=(const TaskPool&) = delete;

  // After Stop the task does not run, and is destroyed with the pool.
  void Post(Task task) { Post({}, std::move(task)); }
  void Post(const Lane& lane, Task task);
  // Drops `object` on one of the threads.
  template <class T>
  void Drop(std::shared_ptr<T> object) {
    if (object != nullptr) Post([kept = std::move(object)] {});
  }
  // Waits until there is nothing to do; returns false when `deadline` passes.
  bool WaitIdle(SteadyTime deadline);
  // Waits for tasks that run. Other tasks never run.
  void Stop();

 private:
  using Threads = std::list<gofer::base::Thread>;
  // When a running task began, and a number that no other one has.
  using Start = std::pair<SteadyTime, size_t>;

  void Run(Threads::iterator self);
  // Waits for a task. Returns nothing when the thread is to end.
  std::optional<Lanes::Taken> Await(Start* start)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Finish(const Lanes::Taken& taken, const Start& start)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool IsIdle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return lanes_.waiting() == 0 && running_.empty();
  }
  Lanes::Running Allowed() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // When one more task may start: when enough of those that run are slow.
  SteadyTime NextStart() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Sees to it that a thread waits for a task that could be taken, if any.
  void WakeOrStartThread() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool StartThread() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const Size size_;
  const std::string name_;
  gofer::base::Mutex mu_;
  gofer::base::CondVar changed_;
  gofer::base::CondVar became_idle_;
  Lanes lanes_ ABSL_GUARDED_BY(mu_);
  std::set<Start> running_ ABSL_GUARDED_BY(mu_);
  size_t next_number_ ABSL_GUARDED_BY(mu_) = 0;
  size_t idle_ ABSL_GUARDED_BY(mu_) = 0;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  Threads threads_ ABSL_GUARDED_BY(mu_);
  // Threads that have ended, or are about to.
  Threads ended_ ABSL_GUARDED_BY(mu_);
};

}  // namespace goferd::link

#endif  // GOFERD_CONTROLPLANE_LINK_TASK_POOL_H_
