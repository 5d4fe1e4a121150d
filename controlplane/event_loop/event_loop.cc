#include "controlplane/event_loop/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <map>
#include <thread>
#include <utility>

#include "controlplane/errors/error.h"
#include "server/base/clock.h"
#include "server/base/mutex.h"
#include "server/base/syscall.h"
#include "server/base/thread.h"
#include "server/base/unique_fd.h"

namespace goferd::event_loop {
namespace {

using gofer::base::MutexLock;
using gofer::base::UniqueFd;

constexpr size_t kMaxEvents = 64;
constexpr uint64_t kWakeId = 0;
constexpr absl::Duration kLongestDelay = absl::Hours(24 * 365);

}  // namespace

class EventLoop::Core {
 public:
  Core(UniqueFd epoll, UniqueFd wake)
      : epoll_(std::move(epoll)), wake_(std::move(wake)) {}

  absl::Status Start();
  void Stop();
  bool OnLoopThread() const {
    return loop_thread_.load() == std::this_thread::get_id();
  }

  void Post(std::function<void()> task);
  TimerId After(absl::Duration delay, std::function<void()> task);
  bool Cancel(TimerId timer);
  absl::StatusOr<uint64_t> Add(int fd, std::function<void()> on_readable);
  void Remove(uint64_t id, int fd);

 private:
  using Callback = std::shared_ptr<std::function<void()>>;

  void Run();
  void Wake();
  bool RunTasks();
  bool RunTimers();
  void RunWatch(uint64_t id);
  int TimeoutMs();
  bool stopped() {
    MutexLock lock(mu_);
    return stopped_;
  }

  const UniqueFd epoll_;
  const UniqueFd wake_;
  std::atomic<std::thread::id> loop_thread_;
  gofer::base::Mutex mu_;
  gofer::base::CondVar idle_;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  uint64_t next_id_ ABSL_GUARDED_BY(mu_) = 1;
  uint64_t running_watch_ ABSL_GUARDED_BY(mu_) = 0;
  std::deque<std::function<void()>> tasks_ ABSL_GUARDED_BY(mu_);
  std::map<uint64_t, Callback> watches_ ABSL_GUARDED_BY(mu_);
  // Timers by time, then by age.
  std::map<std::pair<uint64_t, TimerId>, std::function<void()>> timers_
      ABSL_GUARDED_BY(mu_);
  std::map<TimerId, uint64_t> timer_times_ ABSL_GUARDED_BY(mu_);
  // The thread is the last member: it ends before the members that it uses go.
  gofer::base::Thread thread_;
};

absl::Status EventLoop::Core::Start() {
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.u64 = kWakeId;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &event) != 0) {
    return errors::FromErrno(errno, "epoll_ctl");
  }
  auto thread = gofer::base::Thread::Start("event-loop", [this] { Run(); });
  if (!thread.ok()) {
    return errors::FromErrno(thread.error().number(),
                             "the event loop's thread");
  }
  thread_ = std::move(*thread);
  return absl::OkStatus();
}

void EventLoop::Core::Stop() {
  {
    MutexLock lock(mu_);
    stopped_ = true;
  }
  Wake();
  thread_.Join();
  std::deque<std::function<void()>> tasks;
  std::map<std::pair<uint64_t, TimerId>, std::function<void()>> timers;
  // The lock is declared after both: what tasks hold is destroyed without it.
  MutexLock lock(mu_);
  tasks.swap(tasks_);
  timers.swap(timers_);
  timer_times_.clear();
}

void EventLoop::Core::Wake() {
  const uint64_t one = 1;
  // A failure does not matter: a counter that is full wakes as well.
  (void)!::write(wake_.get(), &one, sizeof(one));
}

void EventLoop::Core::Post(std::function<void()> task) {
  {
    MutexLock lock(mu_);
    if (stopped_) return;
    tasks_.push_back(std::move(task));
  }
  Wake();
}

EventLoop::TimerId EventLoop::Core::After(absl::Duration delay,
                                          std::function<void()> task) {
  delay = std::clamp(delay, absl::ZeroDuration(), kLongestDelay);
  const uint64_t time = gofer::base::MonotonicNanos() +
                        static_cast<uint64_t>(absl::ToInt64Nanoseconds(delay));
  TimerId id;
  {
    MutexLock lock(mu_);
    id = next_id_++;
    if (stopped_) return id;
    timers_.emplace(std::pair(time, id), std::move(task));
    timer_times_.emplace(id, time);
  }
  if (!OnLoopThread()) Wake();
  return id;
}

bool EventLoop::Core::Cancel(TimerId timer) {
  std::function<void()> task;
  MutexLock lock(mu_);
  const auto time = timer_times_.find(timer);
  if (time == timer_times_.end()) return false;
  const auto found = timers_.find({time->second, timer});
  task = std::move(found->second);
  timers_.erase(found);
  timer_times_.erase(time);
  return true;
}

absl::StatusOr<uint64_t> EventLoop::Core::Add(
    int fd, std::function<void()> on_readable) {
  MutexLock lock(mu_);
  const uint64_t id = next_id_++;
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.u64 = id;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return errors::FromErrno(errno, "epoll_ctl");
  }
  watches_.emplace(
      id, std::make_shared<std::function<void()>>(std::move(on_readable)));
  return id;
}

void EventLoop::Core::Remove(uint64_t id, int fd) {
  Callback callback;
  MutexLock lock(mu_);
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  const auto found = watches_.find(id);
  callback = std::move(found->second);
  watches_.erase(found);
  if (OnLoopThread()) return;
  while (running_watch_ == id) idle_.Wait(mu_);
}

int EventLoop::Core::TimeoutMs() {
  MutexLock lock(mu_);
  if (stopped_ || !tasks_.empty()) return 0;
  if (timers_.empty()) return -1;
  const uint64_t time = timers_.begin()->first.first;
  const uint64_t now = gofer::base::MonotonicNanos();
  if (time <= now) return 0;
  // The time is rounded up, or the loop would spin through the last
  // millisecond.
  const uint64_t ms = (time - now + 999'999) / 1'000'000;
  return static_cast<int>(std::min<uint64_t>(ms, 3'600'000));
}

bool EventLoop::Core::RunTasks() {
  size_t count;
  {
    MutexLock lock(mu_);
    count = tasks_.size();
  }
  // Tasks that are posted meanwhile wait for the next turn: otherwise tasks
  // that post tasks would starve the watches.
  for (; count > 0; --count) {
    std::function<void()> task;
    {
      MutexLock lock(mu_);
      if (stopped_) return false;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
  return true;
}

bool EventLoop::Core::RunTimers() {
  const uint64_t now = gofer::base::MonotonicNanos();
  while (true) {
    std::function<void()> task;
    {
      MutexLock lock(mu_);
      if (stopped_) return false;
      if (timers_.empty() || timers_.begin()->first.first > now) return true;
      const auto first = timers_.begin();
      task = std::move(first->second);
      timer_times_.erase(first->first.second);
      timers_.erase(first);
    }
    task();
  }
}

void EventLoop::Core::RunWatch(uint64_t id) {
  Callback callback;
  {
    MutexLock lock(mu_);
    const auto found = watches_.find(id);
    if (stopped_ || found == watches_.end()) return;
    callback = found->second;
    running_watch_ = id;
  }
  (*callback)();
  // What the callback holds is destroyed before the waiting thread goes on.
  callback.reset();
  MutexLock lock(mu_);
  running_watch_ = 0;
  idle_.NotifyAll();
}

void EventLoop::Core::Run() {
  loop_thread_ = std::this_thread::get_id();
  std::array<epoll_event, kMaxEvents> events;
  while (!stopped()) {
    const int count =
        ::epoll_wait(epoll_.get(), events.data(), kMaxEvents, TimeoutMs());
    for (int i = 0; i < count; ++i) {
      const uint64_t id = events[static_cast<size_t>(i)].data.u64;
      if (id != kWakeId) {
        RunWatch(id);
        continue;
      }
      uint64_t wakes;
      (void)!::read(wake_.get(), &wakes, sizeof(wakes));
    }
    if (!RunTasks() || !RunTimers()) return;
  }
}

EventLoop::Watch::Watch(std::shared_ptr<Core> core, uint64_t id, int fd)
    : core_(std::move(core)), id_(id), fd_(fd) {}

EventLoop::Watch::~Watch() { core_->Remove(id_, fd_); }

absl::StatusOr<std::unique_ptr<EventLoop>> EventLoop::Start() {
  auto epoll =
      gofer::base::SyscallFd([] { return ::epoll_create1(EPOLL_CLOEXEC); });
  if (!epoll.ok()) {
    return errors::FromErrno(epoll.error().number(), "epoll_create1");
  }
  auto wake = gofer::base::SyscallFd(
      [] { return ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); });
  if (!wake.ok()) return errors::FromErrno(wake.error().number(), "eventfd");
  auto core = std::make_shared<Core>(std::move(*epoll), std::move(*wake));
  if (absl::Status started = core->Start(); !started.ok()) return started;
  return std::unique_ptr<EventLoop>(new EventLoop(std::move(core)));
}

EventLoop::~EventLoop() { Stop(); }

void EventLoop::Stop() { core_->Stop(); }

absl::StatusOr<std::unique_ptr<EventLoop::Watch>> EventLoop::AddReadable(
    int fd, std::function<void()> on_readable) {
  const auto id = core_->Add(fd, std::move(on_readable));
  if (!id.ok()) return id.status();
  return std::unique_ptr<Watch>(new Watch(core_, *id, fd));
}

void EventLoop::Post(std::function<void()> task) {
  core_->Post(std::move(task));
}

EventLoop::TimerId EventLoop::After(absl::Duration delay,
                                    std::function<void()> task) {
  return core_->After(delay, std::move(task));
}

bool EventLoop::Cancel(TimerId timer) { return core_->Cancel(timer); }

bool EventLoop::OnLoopThread() const { return core_->OnLoopThread(); }

}  // namespace goferd::event_loop
