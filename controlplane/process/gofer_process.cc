#include "controlplane/process/gofer_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "controlplane/errors/error.h"
#include "controlplane/state/private_directory.h"
#include "server/base/log.h"
#include "server/base/syscall.h"

namespace goferd::process {
namespace {

using gofer::base::UniqueFd;

constexpr int kControlFd = 3;
constexpr absl::Duration kKillPatience = absl::Seconds(5);

// The file actions and attributes of posix_spawn, freed at the end.
class SpawnPlan {
 public:
  SpawnPlan(int listener, int log) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_addopen(&actions_, 0, "/dev/null", O_RDWR, 0);
    ::posix_spawn_file_actions_adddup2(&actions_, log < 0 ? 0 : log, 1);
    ::posix_spawn_file_actions_adddup2(&actions_, 1, 2);
    ::posix_spawn_file_actions_adddup2(&actions_, listener, kControlFd);
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, kControlFd + 1);
    ::posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setflags(
        &attributes_,
        static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                           POSIX_SPAWN_SETSID));
  }
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  // Returns an error number, 0 for none.
  int Run(const GoferProcess::Options& options, pid_t* pid) {
    std::vector<std::string> words = {
        options.gofer_path, "managed",
        absl::StrCat("--control-fd=", kControlFd)};
    words.insert(words.end(), options.flags.begin(), options.flags.end());
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    char* environment[] = {nullptr};
    return ::posix_spawn(pid, options.gofer_path.c_str(), &actions_,
                         &attributes_, arguments.data(), environment);
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

gofer::base::ErrnoOr<UniqueFd> OpenPidFd(pid_t pid) {
  return gofer::base::SyscallFd(
      [&] { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); });
}

// Reads field 22 of /proc/<pid>/stat. Errors: ENOENT or ESRCH when the process
// is gone.
gofer::base::ErrnoOr<uint64_t> StartTimeOf(pid_t pid) {
  constexpr size_t kMostStatBytes = 4096;
  constexpr size_t kField =
      19;  // It is counted from the state, after the name.
  const auto stat = state::ReadFile(
      AT_FDCWD, absl::StrCat("/proc/", pid, "/stat"), kMostStatBytes);
  if (!stat.ok()) return stat.error();
  const size_t name_end = stat->rfind(") ");
  if (name_end == std::string::npos) return gofer::base::Errno(EPROTO);
  const std::vector<std::string> fields =
      absl::StrSplit(stat->substr(name_end + 2), ' ');
  uint64_t start = 0;
  if (fields.size() <= kField || !absl::SimpleAtoi(fields[kField], &start)) {
    return gofer::base::Errno(EPROTO);
  }
  return start;
}

void KillAndReap(pid_t child) {
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
}

// Makes PATH_NOT_FOUND for a process that is gone, and another error when the
// failure does not tell whether it is.
absl::Status NoProcess(pid_t pid, gofer::base::Errno error) {
  return errors::FromErrno(error.number() == ESRCH ? ENOENT : error.number(),
                           absl::StrCat("process ", pid));
}

}  // namespace

absl::StatusOr<std::shared_ptr<GoferProcess>> GoferProcess::Spawn(
    const Options& options, UniqueFd listener) {
  pid_t pid = 0;
  const int error = SpawnPlan(listener.get(), options.log).Run(options, &pid);
  if (error != 0) {
    return errors::FromErrno(
        error, absl::StrCat("cannot start the gofer ", options.gofer_path));
  }
  // Nobody else reaps our child, so that the number is still its own.
  auto pidfd = OpenPidFd(pid);
  if (!pidfd.ok()) {
    KillAndReap(pid);
    return errors::FromErrno(pidfd.error().number(), "pidfd_open");
  }
  const auto start = StartTimeOf(pid);
  if (!start.ok()) {
    // Without the start time a later goferd could take another process for
    // this.
    KillAndReap(pid);
    return errors::FromErrno(start.error().number(),
                             absl::StrCat("/proc/", pid, "/stat"));
  }
  return std::shared_ptr<GoferProcess>(
      new GoferProcess({pid, *start}, std::move(*pidfd), true));
}

void GoferProcess::Confine(const Confines& confines) {
  if (confines.cgroup_parent.empty()) {
    if (confines.max_memory_bytes > 0) missing_.push_back("cgroup");
    return;
  }
  auto group =
      Cgroup::Make(confines.cgroup_parent, "gofer-" + confines.server_id,
                   confines.max_memory_bytes);
  absl::Status joined = group.ok() ? group->Add(pid()) : group.status();
  if (joined.ok()) {
    cgroup_ = *std::move(group);
    return;
  }
  missing_.push_back("cgroup");
  gofer::base::Log().warn("servers/{}: its gofer has no control group: {}",
                          confines.server_id, std::string(joined.message()));
}

void GoferProcess::FindConfines(const Confines& confines) {
  if (!confines.cgroup_parent.empty()) {
    cgroup_ = Cgroup::Find(confines.cgroup_parent,
                           "gofer-" + confines.server_id, pid());
  }
  if (!cgroup_ && confines.max_memory_bytes > 0) missing_.push_back("cgroup");
}

absl::StatusOr<std::shared_ptr<GoferProcess>> GoferProcess::Adopt(
    const Identity& identity) {
  auto process = AdoptPeer(identity.pid);
  if (process.ok() && (*process)->identity_.start_time != identity.start_time) {
    return NoProcess(identity.pid, gofer::base::Errno(ESRCH));
  }
  return process;
}

absl::StatusOr<std::shared_ptr<GoferProcess>> GoferProcess::AdoptPeer(
    pid_t pid) {
  auto pidfd = OpenPidFd(pid);
  if (!pidfd.ok()) return NoProcess(pid, pidfd.error());
  const auto start = StartTimeOf(pid);
  if (!start.ok()) return NoProcess(pid, start.error());
  // The process may have ended while nobody has waited for it yet.
  pollfd poll = {pidfd->get(), POLLIN, 0};
  if (::poll(&poll, 1, 0) > 0) {
    return NoProcess(pid, gofer::base::Errno(ESRCH));
  }
  return std::shared_ptr<GoferProcess>(
      new GoferProcess({pid, *start}, std::move(*pidfd), false));
}

std::optional<GoferProcess::Identity> GoferProcess::ParseIdentity(
    const std::string& text) {
  const std::vector<std::string> words =
      absl::StrSplit(text, absl::ByAnyChar(" \n"), absl::SkipEmpty());
  Identity identity;
  if (words.size() != 2 || !absl::SimpleAtoi(words[0], &identity.pid) ||
      !absl::SimpleAtoi(words[1], &identity.start_time) || identity.pid <= 1 ||
      identity.start_time == 0) {
    return std::nullopt;
  }
  return identity;
}

std::string GoferProcess::IdentityText() const {
  return absl::StrCat(identity_.pid, " ", identity_.start_time, "\n");
}

GoferProcess::~GoferProcess() = default;

void GoferProcess::Kill(int signal) const {
  ::syscall(SYS_pidfd_send_signal, pidfd(), signal, nullptr, 0);
}

bool GoferProcess::WaitForEnd(absl::Duration timeout) const {
  const absl::Time deadline = absl::Now() + timeout;
  while (true) {
    pollfd poll = {pidfd(), POLLIN, 0};
    const absl::Duration left = deadline - absl::Now();
    const int ready = ::poll(&poll, 1,
                             static_cast<int>(std::max<int64_t>(
                                 0, absl::ToInt64Milliseconds(left))));
    if (ready > 0) return true;
    if (ready == 0 || errno != EINTR) return false;
  }
}

GoferExit GoferProcess::Reap() {
  if (exit_) return *exit_;
  exit_.emplace();
  siginfo_t info = {};
  if (is_child_ &&
      ::waitid(P_PIDFD, static_cast<id_t>(pidfd()), &info, WEXITED) == 0) {
    if (info.si_code == CLD_EXITED) {
      exit_->exit_code = info.si_status;
    } else {
      exit_->signal = info.si_status;
    }
  }
  if (cgroup_) {
    exit_->out_of_memory = cgroup_->HadOutOfMemory();
    cgroup_->Remove();
  }
  return *exit_;
}

GoferExit GoferProcess::End() {
  // A gofer that is about to end by itself says more by its exit code.
  if (!WaitForEnd(absl::Milliseconds(100))) {
    Kill(SIGKILL);
    if (!WaitForEnd(kKillPatience)) return {};
  }
  return Reap();
}

absl::Status GoferProcess::SetMaxMemory(int64_t max_memory_bytes) const {
  if (!cgroup_) return absl::OkStatus();
  return cgroup_->SetMaxMemory(max_memory_bytes);
}

}  // namespace goferd::process
