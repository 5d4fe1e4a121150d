// TaskPool: threads for goferd's own tasks that may block.

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

// Starts tasks in the order in which they were posted, on a few threads. Its
// queue has no bound: users post a few tasks for each server at most.
// Thread-safe.
class TaskPool {
 public:
  using Task = std::function<void()>;

  // Starts fewer threads when the host gives no more, but at least one.
  explicit TaskPool(size_t thread_count);
  ~TaskPool() { Stop(); }
  TaskPool(const TaskPool&) = delete;
  TaskPool& operator=(const TaskPool&) = delete;

  // After Stop the task does not run, and is destroyed with the pool.
  void Post(Task task);
  // Drops `object` on one of the threads.
  template <class T>
  void Drop(std::shared_ptr<T> object) {
    if (object != nullptr) Post([kept = std::move(object)] {});
  }
  // Waits for tasks that run. Other tasks never run.
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
