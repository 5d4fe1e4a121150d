// Executor: runs bodies on threads that they may block.

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

// Starts a thread when there is work and all threads are busy, up to
// `max_threads`; threads stay. Thread-safe.
//
// Periodic work, such as samples for watches, has a part of the threads and
// comes after other work: otherwise gofers that are slow to answer it would
// hold up the calls.
class Executor {
 public:
  explicit Executor(size_t max_threads = 16, size_t max_queued = 1024);
  // Does what Stop does.
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // Work of kPart has a quarter of the threads at a time (at least one).
  enum class Share { kAll, kPart };
  // Runs `work` soon, in the order of calls of the same share. Returns
  // UNAVAILABLE when there is no room for it (SHUTTING_DOWN after Stop;
  // otherwise try again); `work` does not run then.
  absl::Status Post(std::function<void()> work, Share share = Share::kAll);

  // Waits until there is nothing to do; returns false when `deadline` passes.
  bool WaitIdle(std::chrono::steady_clock::time_point deadline);

  // Takes no more work, and waits for the work that was taken.
  void Stop();

 private:
  struct Task {
    std::function<void()> work;
    Share share = Share::kAll;
  };

  void Run();
  // How many queued tasks could run now if there were threads.
  size_t Runnable() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    return queue_.size() +
           std::min(part_queue_.size(), max_part_ - part_running_);
  }
  // Takes the next task. Runnable() must not be 0.
  Task Take() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Starts a thread if it may; returns false when there is no thread at all.
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
  // Running tasks of kPart.
  size_t part_running_ ABSL_GUARDED_BY(mu_) = 0;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_EXECUTOR_H_
