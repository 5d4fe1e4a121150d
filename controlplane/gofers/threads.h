// Threads: where goferd's own work on gofers runs.

#ifndef GOFERD_CONTROLPLANE_GOFERS_THREADS_H_
#define GOFERD_CONTROLPLANE_GOFERS_THREADS_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "controlplane/event_loop/event_loop.h"
#include "controlplane/link/task_pool.h"

namespace goferd::gofers {

// The event loop, whose thread never blocks, and pools for what blocks.
// Thread-safe. It outlives whatever its threads run, but for Stop.
class Threads {
 public:
  // `count`: the tasks of each pool at once that wait for no slow gofer.
  Threads(std::unique_ptr<event_loop::EventLoop> loop, size_t count);
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  event_loop::EventLoop& loop() { return *loop_; }
  link::TaskPool& pool() { return pool_; }
  // For gofers that are to be known again, and may not answer: on threads of
  // their own they keep nobody else waiting.
  link::TaskPool& adopters() { return adopters_; }

  // One thread, which waits for no gofer: for what has to be on the disk before
  // it is told.
  link::TaskPool& keeper() { return keeper_; }

  // Runs `task`, which is about the server `id`, on the pool, after `delay`.
  void RunLater(absl::Duration delay, const std::string& id,
                std::function<void()> task);
  // The same on a thread of the adopters.
  void AdoptLater(absl::Duration delay, const std::string& id,
                  std::function<void()> task);

  // From now on what changes something is refused, and what would begin by
  // itself does not.
  void BeginShutdown() { stopping_.store(true, std::memory_order_release); }
  bool stopping() const { return stopping_.load(std::memory_order_acquire); }
  // SHUTTING_DOWN once goferd is going down.
  absl::Status CheckRunning() const;

  // Waits for what runs; nothing runs afterwards.
  void Stop();

 private:
  std::atomic<bool> stopping_ = false;
  const std::unique_ptr<event_loop::EventLoop> loop_;
  link::TaskPool pool_;
  link::TaskPool adopters_;
  link::TaskPool keeper_{{1, 1, 1}};
};

}  // namespace goferd::gofers

#endif  // GOFERD_CONTROLPLANE_GOFERS_THREADS_H_
