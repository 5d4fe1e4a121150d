// Executor: the threads that bodies may block.

#ifndef GOFERD_CONTROLPLANE_SERVICE_EXECUTOR_H_
#define GOFERD_CONTROLPLANE_SERVICE_EXECUTOR_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "server/base/mutex.h"
#include "server/base/thread.h"

namespace goferd::service {

// A thread is started when there is work and all others are busy, up to
// `max_threads`; it stays. Thread-safe.
//
// Work that comes again by itself, such as samples for watches, has a share of
// the threads, and comes after the other: gofers that are slow to answer it do
// not hold up the calls.
class Executor {
 public:
  explicit Executor(size_t max_threads = 16, size_t max_queued = 1024);
  // As Stop.
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // kPart: no more than a quarter of the threads (at least 1) at a time.
  enum class Share { kAll, kPart };
  // Runs `work` soon, in the order of calls of the same share. UNAVAILABLE
  // (SHUTTING_DOWN once stopped, otherwise to be tried again) when there is no
  // room for it: it does not run then.
  absl::Status Post(std::function<void()> work, Share share = Share::kAll);

  // Whether there is nothing to do at some time before `deadline`.
  bool WaitIdle(std::chrono::steady_clock::time_point deadline);

  // Takes no more work, does what was taken, and waits for it.
  void Stop();

 private:
  struct Task {
    std::function<void()> work;
    Share share = Share::kAll;
  };

  void Run();
  // How many of what is queued could run now, given threads.
  size_t Runnable() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return queue_.size() +
           std::min(part_queue_.size(), max_part_ - part_running_);
  }
  // Something is runnable.
  Task Take() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Whether there is a thread for the work that was queued.
  bool StartThread() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool IsIdle() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return queue_.empty() && part_queue_.empty() && running_ == 0;
  }

  const size_t max_threads_;
  const size_t max_part_;
  const size_t max_queued_;
  gofer::base::Mutex mu_;
  gofer::base::CondVar changed_;
  gofer::base::CondVar became_idle_;
  std::deque<std::function<void()>> queue_ ABSL_GUARDED_BY(mu_);
  std::deque<std::function<void()>> part_queue_ ABSL_GUARDED_BY(mu_);
  std::vector<gofer::base::Thread> threads_ ABSL_GUARDED_BY(mu_);
  size_t idle_ ABSL_GUARDED_BY(mu_) = 0;
  size_t running_ ABSL_GUARDED_BY(mu_) = 0;
  // Of those that run.
  size_t part_running_ ABSL_GUARDED_BY(mu_) = 0;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_EXECUTOR_H_
