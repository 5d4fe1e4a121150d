// Executor: runs bodies on threads that they may block.

#ifndef GOFERD_CONTROLPLANE_SERVICE_EXECUTOR_H_
#define GOFERD_CONTROLPLANE_SERVICE_EXECUTOR_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "controlplane/auth/caller.h"
#include "controlplane/link/task_pool.h"
#include "server/base/mutex.h"

namespace goferd::service {

// Nobody holds what others need: the work of each server, of reads over all
// servers for each caller, and of admins each has a lane with a few threads
// (see link::TaskPool), and what waits is bounded for each lane, each caller
// and each role, with room that is kept for admins. Thread-safe.
class Executor {
 public:
  struct Bounds {
    // Work at once that does not wait for a gofer that is slow.
    size_t quick_threads = 16;
    size_t most_threads = 1024;
    // Work that waits for a thread.
    size_t queued = 1024;
    size_t queued_of_lane = 512;
    // Of a caller that is no admin.
    size_t queued_of_caller = 384;
  };
  Executor() : Executor(Bounds()) {}
  explicit Executor(const Bounds& bounds);
  // Does what Stop does.
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // Whose work it is, and what it is about.
  struct Work {
    auth::Caller caller = {};
    // A server's id; empty when the work is about no server, or all of them.
    std::string server = {};
    // Periodic work, such as samples for watches, has a quarter of the quick
    // threads at a time (at least one), whoever's it is.
    bool is_periodic = false;
  };
  // Runs `work` soon; work of one lane begins in the order of calls. Returns
  // UNAVAILABLE when there is no room for it (SHUTTING_DOWN after Stop;
  // otherwise try again); `work` does not run then.
  absl::Status Post(const Work& whose, std::function<void()> work);

  // Waits until there is nothing to do; returns false when `deadline` passes.
  bool WaitIdle(std::chrono::steady_clock::time_point deadline);

  // Takes no more work, and waits for the work that was taken.
  void Stop();

 private:
  link::Lane LaneOf(const Work& whose) const;
  bool HasRoom(const Work& whose, const std::string& lane)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void CountBegun(const std::string& caller, const std::string& lane);

  const Bounds bounds_;
  gofer::base::Mutex mu_;
  // What waits.
  size_t queued_ ABSL_GUARDED_BY(mu_) = 0;
  std::map<std::string, size_t> of_caller_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, size_t> of_lane_ ABSL_GUARDED_BY(mu_);
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  link::TaskPool pool_;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_EXECUTOR_H_
