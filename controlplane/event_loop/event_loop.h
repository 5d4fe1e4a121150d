// EventLoop: one thread that waits for descriptors and times.

#ifndef GOFERD_CONTROLPLANE_EVENT_LOOP_EVENT_LOOP_H_
#define GOFERD_CONTROLPLANE_EVENT_LOOP_EVENT_LOOP_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace goferd::event_loop {

// Runs callbacks on its own thread. A callback must not block, since it holds
// up all others: a gofer is asked on other threads. All methods may be called
// on any thread.
class EventLoop {
 public:
  static absl::StatusOr<std::unique_ptr<EventLoop>> Start();
  // Ends the thread; tasks and timers that have not run are dropped.
  ~EventLoop();
  // Ends the thread while the object and its watches stay: no callback runs any
  // more when it returns. Must not run on the loop's thread, which it waits
  // for. May be called again.
  void Stop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // A descriptor that is watched. After its destruction the callback does not
  // run any more; on another thread than the loop's, destruction waits for a
  // callback that runs.
  class Watch;
  // Calls `on_readable` whenever the borrowed `fd`, which outlives the watch,
  // can be read, or has hung up.
  absl::StatusOr<std::unique_ptr<Watch>> AddReadable(
      int fd, std::function<void()> on_readable);

  // Calls `task` on the loop's thread, soon.
  void Post(std::function<void()> task);
  // Calls `task` once after `delay`, unless it is cancelled first.
  using TimerId = uint64_t;
  TimerId After(absl::Duration delay, std::function<void()> task);
  // Returns whether the task had not run. Does not wait for a task that runs.
  bool Cancel(TimerId timer);

  bool OnLoopThread() const;

 private:
  class Core;
  explicit EventLoop(std::shared_ptr<Core> core) : core_(std::move(core)) {}
  std::shared_ptr<Core> core_;
};

// Made by AddReadable. May outlive the loop.
class EventLoop::Watch {
 public:
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  friend class EventLoop;
  Watch(std::shared_ptr<Core> core, uint64_t id, int fd);

  const std::shared_ptr<Core> core_;
  const uint64_t id_;
  const int fd_;
};

}  // namespace goferd::event_loop

#endif  // GOFERD_CONTROLPLANE_EVENT_LOOP_EVENT_LOOP_H_
