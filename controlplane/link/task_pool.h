// TaskPool: threads for what goferd does by itself and that may block.

#ifndef GOFERD_CONTROLPLANE_LINK_TASK_POOL_H_
#define GOFERD_CONTROLPLANE_LINK_TASK_POOL_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "server/base/mutex.h"
#include "server/base/thread.h"

namespace goferd::link {

// Runs tasks in the order of their coming, on a few threads. Its users post a
// few tasks for each server at most. Thread-safe.
class TaskPool {
 public:
  using Task = std::function<void()>;

  // Fewer threads when the host gives no more, at least one.
  explicit TaskPool(size_t thread_count);
  ~TaskPool() { Stop(); }
  TaskPool(const TaskPool&) = delete;
  TaskPool& operator=(const TaskPool&) = delete;

  // After Stop the task does not run: it goes with the pool.
  void Post(Task task);
  // Lets go of `object` on one of the threads.
  template <class T>
  void Drop(std::shared_ptr<T> object) {
    if (object != nullptr) Post([kept = std::move(object)] {});
  }
  // Waits for tasks that run. The others never do.
  void Stop();

 private:
  void Run();

  gofer::base::Mutex mu_;
  gofer::base::CondVar changed_;
  std::deque<Task> tasks_ ABSL_GUARDED_BY(mu_);
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<gofer::base::Thread> threads_;
};

}  // namespace goferd::link

#endif  // GOFERD_CONTROLPLANE_LINK_TASK_POOL_H_
