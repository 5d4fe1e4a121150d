#include "server/worker/hook_runner.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/base/syscall.h"
#include "server/base/unique_fd.h"
#include "server/worker/await_readable.h"

namespace gofer::worker {
namespace {

using oci::OciHook;

// How much of what a failed hook printed becomes part of the error.
constexpr size_t kMostOutputBytes = 1024;

// The hooks that gVisor does not run: the first does not know that a sandbox
// has a file system of its own, the second changes a setting that gVisor shows
// changed in any case.
bool IsLeftOut(const OciHook& hook) {
  if (absl::EndsWith(hook.path, "/nvidia-container-runtime-hook")) return true;
  return absl::EndsWith(hook.path, "/nvidia-cdi-hook") &&
         std::find(hook.args.begin(), hook.args.end(),
                   "disable-device-node-modification") != hook.args.end();
}

std::string StateOf(const oci::OciSpec& spec, absl::string_view container_id,
                    absl::string_view bundle) {
  using Json = nlohmann::ordered_json;
  Json state = {{"ociVersion", spec.version},
                {"id", std::string(container_id)},
                {"status", "creating"},
                {"pid", -1},
                {"bundle", std::string(bundle)}};
  if (!spec.annotations.empty()) state["annotations"] = spec.annotations;
  return state.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// A file in memory that a hook reads or writes as a standard stream.
base::ErrnoOr<base::UniqueFd> MakeStream(absl::string_view content) {
  auto file =
      base::SyscallFd([] { return ::memfd_create("gofer-hook", MFD_CLOEXEC); });
  if (!file.ok()) return file;
  const auto wrote = base::Syscall(
      [&] { return ::write(file->get(), content.data(), content.size()); });
  if (!wrote.ok()) return wrote.error();
  if (::lseek(file->get(), 0, SEEK_SET) != 0) return base::Errno::Last();
  return file;
}

// The end of what was written there, on one line.
std::string OutputOf(int file) {
  struct stat stat;
  if (::fstat(file, &stat) != 0) return "";
  std::array<char, kMostOutputBytes> buffer;
  const off_t start =
      std::max<off_t>(0, stat.st_size - static_cast<off_t>(buffer.size()));
  const auto got = base::Syscall(
      [&] { return ::pread(file, buffer.data(), buffer.size(), start); });
  if (!got.ok()) return "";
  std::string text(buffer.data(), static_cast<size_t>(*got));
  std::replace(text.begin(), text.end(), '\n', ' ');
  absl::StripAsciiWhitespace(&text);
  return text;
}

std::vector<char*> Pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

// What posix_spawn needs, freed in the end.
class SpawnPlan {
 public:
  SpawnPlan(int input, int output) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, output, STDERR_FILENO);
    // The sockets of runsc among them are inheritable.
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
    ::posix_spawnattr_init(&attributes_);
    sigset_t ignored_by_us;
    ::sigemptyset(&ignored_by_us);
    ::sigaddset(&ignored_by_us, SIGPIPE);
    ::posix_spawnattr_setsigdefault(&attributes_, &ignored_by_us);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF);
  }
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  base::ErrnoOr<pid_t> Spawn(const OciHook& hook) const {
    std::vector<std::string> args = hook.args;
    if (args.empty()) args = {hook.path};
    std::vector<std::string> env =
        hook.env.value_or(std::vector<std::string>());
    pid_t pid = -1;
    const int error = ::posix_spawn(&pid, hook.path.c_str(), &actions_,
                                    &attributes_, Pointers(args).data(),
                                    hook.env ? Pointers(env).data() : environ);
    if (error != 0) return base::Errno(error);
    return pid;
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

// Waits for the hook's end, at most as long as it may take.
Awaited AwaitHook(pid_t pid, uint32_t timeout_seconds) {
  constexpr uint64_t kNanosPerSecond = 1'000'000'000;
  const uint64_t end =
      base::MonotonicNanos() + uint64_t{timeout_seconds} * kNanosPerSecond;
  const base::UniqueFd process(
      static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!process.valid()) return Awaited::kFailed;
  return AwaitReadable(process.get(), end);
}

// Waits for the child's end. Returns why the hook failed, or "".
std::string WaitForEnd(pid_t pid, const OciHook& hook) {
  std::string why;
  if (hook.timeout_seconds) {
    switch (AwaitHook(pid, *hook.timeout_seconds)) {
      case Awaited::kReadable:
        break;
      case Awaited::kTimeOver:
        why = absl::StrCat("did not end within ", *hook.timeout_seconds, " s");
        ::kill(pid, SIGKILL);
        break;
      case Awaited::kFailed:
        // That is no fault of the hook.
        base::Log().warn("hook {} has no time limit: {}", hook.path,
                         std::strerror(errno));
        break;
    }
  }
  int status = 0;
  if (base::RetryOnEintr([&] { return ::waitpid(pid, &status, 0); }) < 0) {
    return absl::StrCat("waiting for it: ", std::strerror(errno));
  }
  if (!why.empty()) return why;
  if (WIFSIGNALED(status)) {
    return absl::StrCat("ended by signal ", WTERMSIG(status));
  }
  if (WEXITSTATUS(status) != 0) {
    return absl::StrCat("exit status ", WEXITSTATUS(status));
  }
  return "";
}

// Returns why the hook failed, or "".
std::string RunHook(const OciHook& hook, absl::string_view state) {
  const auto input = MakeStream(state);
  const auto output = MakeStream("");
  if (!input.ok() || !output.ok()) return "no memory for its streams";
  const auto pid = SpawnPlan(input->get(), output->get()).Spawn(hook);
  if (!pid.ok()) return std::strerror(pid.error().number());
  std::string why = WaitForEnd(*pid, hook);
  if (why.empty()) return "";
  const std::string printed = OutputOf(output->get());
  return printed.empty() ? why : absl::StrCat(why, ": ", printed);
}

}  // namespace

std::optional<std::string> RunHooks(const oci::OciSpec& spec,
                                    absl::string_view container_id,
                                    absl::string_view bundle) {
  const std::string state = StateOf(spec, container_id, bundle);
  for (const OciHook& hook : spec.create_container_hooks) {
    if (IsLeftOut(hook)) {
      base::Log().info("hook {} is left out, as gVisor does", hook.path);
      continue;
    }
    if (const std::string why = RunHook(hook, state); !why.empty()) {
      return absl::StrCat("createContainer hook ", hook.path, ": ", why);
    }
  }
  return std::nullopt;
}

}  // namespace gofer::worker
