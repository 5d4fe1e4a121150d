#include "controlplane/link/task_pool.h"

#include <iterator>

#include "server/base/check.h"

namespace goferd::link {
namespace {

using gofer::base::MutexLock;
using std::chrono::steady_clock;

// Usual answers of gofers take less than this.
constexpr auto kSlow = std::chrono::milliseconds(5);
// How long a thread beyond the few is kept for further work.
constexpr auto kIdleLife = std::chrono::seconds(10);

}  // namespace

TaskPool::TaskPool(const Size& size, std::string name)
    : size_(size), name_(std::move(name)) {
  MutexLock lock(mu_);
  while (threads_.size() < size_.at_start && StartThread()) continue;
  GOFER_CHECK(!threads_.empty());
}

bool TaskPool::StartThread() {
  ended_.clear();
  const auto self = threads_.emplace(threads_.end());
  auto thread =
      gofer::base::Thread::Start(name_.c_str(), [this, self] { Run(self); });
  if (!thread.ok()) {
    threads_.erase(self);
    return false;
  }
  *self = std::move(*thread);
  return true;
}

void TaskPool::WakeOrStartThread() {
  if (!lanes_.CanTake(Allowed())) return;
  if (idle_ > 0) {
    changed_.NotifyOne();
  } else if (threads_.size() < size_.most) {
    // Without it the task waits for a thread that is there already.
    (void)StartThread();
  }
}

void TaskPool::Post(const Lane& lane, Task task) {
  MutexLock lock(mu_);
  lanes_.Push(lane, std::move(task));
  if (!stopping_) WakeOrStartThread();
}

Lanes::Running TaskPool::Allowed() const {
  return size_.most > size_.quick && running_.size() >= size_.most / 2
             ? Lanes::Running::kNone
             : Lanes::Running::kAny;
}

TaskPool::SteadyTime TaskPool::NextStart() const {
  if (running_.size() < size_.quick) return SteadyTime::min();
  // When the last but (quick - 1) is slow, so are all before it.
  return std::prev(running_.end(), static_cast<std::ptrdiff_t>(size_.quick))
             ->first +
         kSlow;
}

std::optional<Lanes::Taken> TaskPool::Await(Start* start) {
  for (;;) {
    if (stopping_) return std::nullopt;
    const SteadyTime now = steady_clock::now();
    if (lanes_.CanTake(Allowed())) {
      const SteadyTime next = NextStart();
      if (next <= now) {
        auto taken = lanes_.Take(Allowed());
        *start = {now, next_number_++};
        running_.insert(*start);
        return taken;
      }
      changed_.WaitUntil(mu_, next);
    } else if (threads_.size() <= size_.quick) {
      changed_.Wait(mu_);
    } else if (!changed_.WaitUntil(mu_, now + kIdleLife) &&
               lanes_.waiting() == 0 && threads_.size() > size_.quick) {
      return std::nullopt;
    }
  }
}

void TaskPool::Finish(const Lanes::Taken& taken, const Start& start) {
  running_.erase(start);
  lanes_.Finish(taken.lane);
  if (IsIdle()) became_idle_.NotifyAll();
}

void TaskPool::Run(Threads::iterator self) {
  for (;;) {
    std::optional<Lanes::Taken> taken;
    Start start;
    {
      MutexLock lock(mu_);
      ++idle_;
      taken = Await(&start);
      --idle_;
      if (!taken) {
        if (!stopping_) ended_.splice(ended_.end(), threads_, self);
        return;
      }
      // Another one may start at once, or as soon as this one is slow.
      WakeOrStartThread();
    }
    taken->task();
    // What the task held is dropped before the pool counts as idle.
    taken->task = nullptr;
    MutexLock lock(mu_);
    Finish(*taken, start);
  }
}

bool TaskPool::WaitIdle(SteadyTime deadline) {
  MutexLock lock(mu_);
  while (!IsIdle()) {
    if (!became_idle_.WaitUntil(mu_, deadline)) break;
  }
  return IsIdle();
}

void TaskPool::Stop() {
  Threads threads;
  {
    MutexLock lock(mu_);
    stopping_ = true;
    changed_.NotifyAll();
    threads.splice(threads.end(), threads_);
    threads.splice(threads.end(), ended_);
  }
  for (gofer::base::Thread& thread : threads) thread.Join();
}

}  // namespace goferd::link
