#include "controlplane/gofers/warm_gofers.h"

#include <signal.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "controlplane/gofers/gofer_starter.h"
#include "controlplane/gofers/restart_pace.h"
#include "controlplane/gofers/waiting_gofer.h"
#include "controlplane/translate/uuid.h"
#include "server/base/log.h"

namespace goferd::gofers {
namespace {

using gofer::base::Log;
using gofer::base::MutexLock;

constexpr absl::Duration kWarmKillPatience = absl::Seconds(5);
// No server has such a name.
const link::Lane kLane{"warm gofers"};

}  // namespace

std::optional<WarmGofers::Executable> WarmGofers::Executable::At(
    const std::string& path) {
  struct stat stat;
  if (::stat(path.c_str(), &stat) != 0) return std::nullopt;
  return Executable{stat.st_dev, stat.st_ino, stat.st_mtim};
}

bool WarmGofers::Executable::operator==(const Executable& other) const {
  return device == other.device && inode == other.inode &&
         modified.tv_sec == other.modified.tv_sec &&
         modified.tv_nsec == other.modified.tv_nsec;
}

void WarmGofers::Start() {
  for (const std::string& name : host_.state.ListWarm()) EndLeftover(name);
  Refill();
}

void WarmGofers::EndLeftover(const std::string& name) {
  const auto text = host_.state.ReadWarmPid(name);
  const auto identity =
      text.ok() ? process::GoferProcess::ParseIdentity(*text) : std::nullopt;
  if (!identity) {
    // goferd was killed before it had written it down.
    threads_.pool().Post(kLane, [this, name] {
      AskToEnd(threads_.loop(), settings_, host_.state.WarmControlPath(name));
      (void)host_.state.RemoveWarm(name);
    });
    return;
  }
  if (const auto process = process::GoferProcess::Adopt(*identity);
      process.ok()) {
    (*process)->Kill(SIGKILL);
  }
  if (absl::Status gone = host_.state.RemoveWarm(name); !gone.ok()) {
    Log().warn("what a warm gofer has left stays behind: {}",
               std::string(gone.message()));
  }
}

void WarmGofers::Stop() {
  std::map<std::string, WaitingPtr> gofers;
  {
    MutexLock lock(mu_);
    stopping_ = true;
    if (starting_ != nullptr) starting_->Kill(SIGKILL);
    gofers.swap(waiting_);
  }
  for (auto& [name, gofer] : gofers) {
    gofer->watch.reset();
    gofer->process->Kill(SIGKILL);
  }
  for (auto& [name, gofer] : gofers) CleanUp(*gofer);
}

std::shared_ptr<process::GoferProcess> WarmGofers::Take(
    const std::string& server_id) {
  while (const WaitingPtr gofer = TakeOldest()) {
    gofer->watch.reset();
    // It may have died a moment ago.
    const bool lives = !gofer->process->WaitForEnd(absl::ZeroDuration());
    if (!lives || Executable::At(settings_.config().gofer_path()) !=
                      std::optional(gofer->executable)) {
      Discard(gofer);
      continue;
    }
    const absl::Status given = host_.state.GiveWarm(gofer->name, server_id);
    if (given.ok()) {
      host_.logs.Given(gofer->name, server_id);
      return gofer->process;
    }
    Log().warn("a warm gofer cannot be used: {}", std::string(given.message()));
    Discard(gofer);
    return nullptr;
  }
  return nullptr;
}

WarmGofers::WaitingPtr WarmGofers::TakeOldest() {
  MutexLock lock(mu_);
  const auto oldest = std::min_element(
      waiting_.begin(), waiting_.end(), [](const auto& a, const auto& b) {
        return a.second->since < b.second->since;
      });
  if (oldest == waiting_.end()) return nullptr;
  WaitingPtr gofer = std::move(oldest->second);
  waiting_.erase(oldest);
  return gofer;
}

void WarmGofers::Proven() {
  MutexLock lock(mu_);
  failures_in_a_row_ = 0;
}

bool WarmGofers::IsMissingOne() const {
  const auto wanted =
      static_cast<size_t>(settings_.config().servers().warm_gofers());
  MutexLock lock(mu_);
  return !stopping_ && waiting_.size() < wanted;
}

void WarmGofers::Refill() {
  if (!IsMissingOne()) return;
  {
    MutexLock lock(mu_);
    if (std::exchange(filling_, true)) return;
  }
  threads_.pool().Post(kLane, [this] { Fill(); });
}

void WarmGofers::Fill() {
  while (IsMissingOne()) {
    auto gofer = StartOne();
    if (!gofer.ok()) return FillAgain(gofer.status());
    if (absl::Status kept = Keep(*gofer); !kept.ok()) {
      (*gofer)->process->Kill(SIGKILL);
      CleanUp(**gofer);
      return FillAgain(kept);
    }
  }
  {
    MutexLock lock(mu_);
    filling_ = false;
  }
  // One may have gone just before.
  Refill();
}

void WarmGofers::FillAgain(const absl::Status& failure) {
  absl::Duration pause;
  {
    MutexLock lock(mu_);
    if (stopping_) return;
    pause = PauseBefore(++failures_in_a_row_);
  }
  Log().warn("no warm gofer, again in {} ms: {}",
             absl::ToInt64Milliseconds(pause), std::string(failure.message()));
  threads_.RunLater(pause, kLane.name, [this] { Fill(); });
}

absl::Status WarmGofers::Keep(WaitingPtr gofer) {
  const std::string name = gofer->name;
  MutexLock lock(mu_);
  if (stopping_) return threads_.CheckRunning();
  // OnExit waits for the lock.
  auto watch = threads_.loop().AddReadable(gofer->process->pidfd(),
                                           [this, name] { OnExit(name); });
  if (!watch.ok()) return watch.status();
  gofer->watch = *std::move(watch);
  Log().debug("a warm gofer (process {}) waits", gofer->process->pid());
  waiting_.emplace(name, std::move(gofer));
  return absl::OkStatus();
}

absl::StatusOr<WarmGofers::WaitingPtr> WarmGofers::StartOne() {
  auto gofer = Spawn();
  if (!gofer.ok()) return gofer;
  const absl::Status ready = AwaitReady(**gofer);
  {
    MutexLock lock(mu_);
    starting_ = nullptr;
  }
  if (ready.ok()) return gofer;
  const process::GoferExit end = (*gofer)->process->End();
  (void)host_.state.RemoveWarm((*gofer)->name);
  if (!end.exit_code) return ready;
  return absl::Status(
      ready.code(),
      absl::StrCat(ready.message(), "; exit code ", *end.exit_code));
}

absl::StatusOr<WarmGofers::WaitingPtr> WarmGofers::Spawn() {
  const std::string& path = settings_.config().gofer_path();
  const std::string name = "w-" + translate::NewUuid();
  auto listener = host_.state.ListenWarm(name);
  if (!listener.ok()) return listener.status();
  // Before it is started: what takes its place meanwhile makes it old.
  const auto executable = Executable::At(path);
  auto log = host_.logs.MakeWarm(name);
  if (!log.ok()) {
    (void)host_.state.RemoveWarm(name);
    return log.status();
  }
  process::GoferProcess::Options options = host_.process_options();
  options.log = log->get();
  auto process = process::GoferProcess::Spawn(options, *std::move(listener));
  if (!process.ok()) {
    (void)host_.state.RemoveWarm(name);
    return process.status();
  }
  MutexLock lock(mu_);
  if (stopping_) (*process)->Kill(SIGKILL);
  starting_ = *process;
  return std::make_shared<Waiting>(
      Waiting{.name = name,
              .executable = executable.value_or(Executable{}),
              .since = absl::Now(),
              .process = *std::move(process),
              .watch = nullptr});
}

absl::Status WarmGofers::AwaitReady(const Waiting& gofer) {
  absl::Status written =
      host_.state.WriteWarmPid(gofer.name, gofer.process->IdentityText());
  if (!written.ok()) return written;
  return CheckWaits(threads_.loop(), settings_,
                    host_.state.WarmControlPath(gofer.name));
}

void WarmGofers::OnExit(const std::string& name) {
  WaitingPtr gofer;
  absl::Duration pause;
  {
    MutexLock lock(mu_);
    const auto found = waiting_.find(name);
    if (stopping_ || found == waiting_.end()) return;
    gofer = std::move(found->second);
    waiting_.erase(found);
    if (absl::Now() - gofer->since > kHealthyLife) failures_in_a_row_ = 0;
    pause = PauseBefore(++failures_in_a_row_);
  }
  Log().warn("a warm gofer (process {}) has died", gofer->process->pid());
  Discard(std::move(gofer));
  threads_.loop().After(pause, [this] { Refill(); });
}

void WarmGofers::Discard(WaitingPtr gofer) {
  gofer->process->Kill(SIGKILL);
  threads_.pool().Post(kLane, [this, gofer = std::move(gofer)] {
    gofer->watch.reset();
    CleanUp(*gofer);
  });
}

void WarmGofers::CleanUp(Waiting& gofer) {
  if (gofer.process->WaitForEnd(kWarmKillPatience)) gofer.process->Reap();
  if (absl::Status gone = host_.state.RemoveWarm(gofer.name); !gone.ok()) {
    Log().warn("what a warm gofer had stays behind: {}",
               std::string(gone.message()));
  }
}

}  // namespace goferd::gofers
