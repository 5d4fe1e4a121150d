// Lanes: tasks that wait for a thread, apart for each one whom they serve.

#ifndef GOFERD_CONTROLPLANE_LINK_LANES_H_
#define GOFERD_CONTROLPLANE_LINK_LANES_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>

namespace goferd::link {

// Whom a task serves, such as a server. A lane has so many threads at most, so
// that a gofer that hangs holds no more of them.
struct Lane {
  static constexpr size_t kFew = 4;

  // Empty: the task is quick, and belongs to nobody.
  std::string name = {};
  size_t most = kFew;
};

// The lanes take turns, so that a long queue of one keeps no other waiting. Not
// thread-safe.
class Lanes {
 public:
  using Task = std::function<void()>;
  // A task that was taken, and its lane.
  struct Taken {
    std::string lane;
    Task task;
  };

  void Push(const Lane& lane, Task task);
  // Takes the next task; Finish must follow. With kNone only lanes of which no
  // task runs have a turn: the last threads are for them.
  enum class Running { kAny, kNone };
  std::optional<Taken> Take(Running running);
  bool CanTake(Running running) const;
  void Finish(const std::string& lane);

  // How many tasks wait, whether they could be taken or not.
  size_t waiting() const { return waiting_; }

 private:
  struct Queue {
    std::deque<Task> tasks;
    size_t running = 0;
    size_t most = 0;

    bool MayRun(Running allowed) const {
      return allowed == Running::kAny ? running < most : running == 0;
    }
  };

  // The place in turns_ of the lane whose turn it is; turns_.size() when there
  // is none.
  size_t FindTurn(Running running) const;

  std::map<std::string, Queue> lanes_;
  // The lanes with waiting tasks, the next first.
  std::deque<std::string> turns_;
  size_t waiting_ = 0;
};

}  // namespace goferd::link

#endif  // GOFERD_CONTROLPLANE_LINK_LANES_H_
