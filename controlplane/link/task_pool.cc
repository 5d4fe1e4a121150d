#include "controlplane/link/task_pool.h"

#include <utility>

#include "server/base/check.h"

namespace goferd::link {

using gofer::base::MutexLock;

TaskPool::TaskPool(size_t thread_count) {
  for (size_t i = 0; i < thread_count; ++i) {
    auto thread = gofer::base::Thread::Start("supervisor", [this] { Run(); });
    if (!thread.ok()) break;
    threads_.push_back(std::move(*thread));
  }
  GOFER_CHECK(!threads_.empty());
}

void TaskPool::Post(Task task) {
  MutexLock lock(mu_);
  tasks_.push_back(std::move(task));
  changed_.NotifyOne();
}

void TaskPool::Stop() {
  {
    MutexLock lock(mu_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  for (auto& thread : threads_) thread.Join();
}

void TaskPool::Run() {
  while (true) {
    Task task;
    {
      MutexLock lock(mu_);
      while (tasks_.empty() && !stopping_) changed_.Wait(mu_);
      if (stopping_) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

}  // namespace goferd::link
