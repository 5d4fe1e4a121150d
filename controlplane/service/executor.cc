#include "controlplane/service/executor.h"

#include <utility>

#include "controlplane/errors/error.h"

namespace goferd::service {
namespace {

using gofer::base::MutexLock;

constexpr int kRetryAfterMs = 1000;

}  // namespace

Executor::Executor(size_t max_threads, size_t max_queued)
    : max_threads_(max_threads), max_queued_(max_queued) {}

Executor::~Executor() { Stop(); }

absl::Status Executor::Post(std::function<void()> work) {
  MutexLock lock(mu_);
  if (stopped_) {
    return errors::Error(errors::Reason::SHUTTING_DOWN, "goferd is going down");
  }
  // A queue that idle threads are about to empty is no reason for a new one.
  if (queue_.size() >= max_queued_ ||
      (queue_.size() >= idle_ && !StartThread())) {
    return errors::ErrorWithRetry(errors::Reason::PROCESS_LIMIT,
                                  "goferd has too much to do: try again later",
                                  kRetryAfterMs);
  }
  queue_.push_back(std::move(work));
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

void Executor::Run() {
  for (;;) {
    std::function<void()> work;
    {
      MutexLock lock(mu_);
      ++idle_;
      while (queue_.empty() && !stopped_) changed_.Wait(mu_);
      --idle_;
      if (queue_.empty()) return;
      work = std::move(queue_.front());
      queue_.pop_front();
      ++running_;
    }
    work();
    MutexLock lock(mu_);
    --running_;
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
