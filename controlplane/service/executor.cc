#include "controlplane/service/executor.h"

#include <utility>

#include "controlplane/errors/error.h"

namespace goferd::service {
namespace {

using gofer::base::MutexLock;

constexpr int kBusyRetryMs = 1000;

absl::Status TooMuchToDo() {
  return errors::ErrorWithRetry(errors::Reason::PROCESS_LIMIT,
                                "goferd has too much to do: try again later",
                                kBusyRetryMs);
}

}  // namespace

Executor::Executor(size_t max_threads, size_t max_queued)
    : max_threads_(max_threads),
      max_part_(std::max<size_t>(max_threads / 4, 1)),
      max_queued_(max_queued) {}

Executor::~Executor() { Stop(); }

absl::Status Executor::Post(std::function<void()> work, Share share) {
  MutexLock lock(mu_);
  if (stopped_) {
    return errors::Error(errors::Reason::SHUTTING_DOWN, "goferd is going down");
  }
  auto& queue = share == Share::kPart ? part_queue_ : queue_;
  if (queue.size() >= max_queued_) return TooMuchToDo();
  queue.push_back(std::move(work));
  // Tasks that idle threads are about to take are no reason for a new thread.
  if (Runnable() > idle_ && !StartThread()) {
    queue.pop_back();
    return TooMuchToDo();
  }
  changed_.NotifyOne();
  return absl::OkStatus();
}

bool Executor::StartThread() {
  if (threads_.size() == max_threads_) return true;
  auto thread = gofer::base::Thread::Start("goferd-work", [this] { Run(); });
  if (!thread.ok()) return !threads_.empty();
  threads_.push_back(*std::move(thread));
  return true;
}

Executor::Task Executor::Take() {
  const Share share = queue_.empty() ? Share::kPart : Share::kAll;
  auto& queue = share == Share::kPart ? part_queue_ : queue_;
  Task task{std::move(queue.front()), share};
  queue.pop_front();
  ++running_;
  if (share == Share::kPart) ++part_running_;
  return task;
}

void Executor::Run() {
  for (;;) {
    Task task;
    {
      MutexLock lock(mu_);
      ++idle_;
      while (Runnable() == 0 && !stopped_) changed_.Wait(mu_);
      --idle_;
      // Tasks of kPart that are left are for the threads that serve kPart now.
      if (Runnable() == 0) return;
      task = Take();
    }
    task.work();
    MutexLock lock(mu_);
    --running_;
    if (task.share == Share::kPart) --part_running_;
    if (IsIdle()) became_idle_.NotifyAll();
  }
}

bool Executor::WaitIdle(std::chrono::steady_clock::time_point deadline) {
  MutexLock lock(mu_);
  while (!IsIdle()) {
    if (!became_idle_.WaitUntil(mu_, deadline)) break;
  }
  return IsIdle();
}

void Executor::Stop() {
  std::vector<gofer::base::Thread> threads;
  {
    MutexLock lock(mu_);
    stopped_ = true;
    threads.swap(threads_);
    changed_.NotifyAll();
  }
  for (gofer::base::Thread& thread : threads) thread.Join();
}

}  // namespace goferd::service
