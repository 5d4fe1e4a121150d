#include "controlplane/process/cgroup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "controlplane/errors/error.h"
#include "controlplane/state/private_directory.h"
#include "server/base/syscall.h"

namespace goferd::process {
namespace {

constexpr size_t kMostBytes = 65536;

// Reads a file with one number; returns nothing for "max".
std::optional<int64_t> ReadNumber(const std::string& path) {
  const auto text = state::ReadFile(AT_FDCWD, path, kMostBytes);
  int64_t number = 0;
  if (!text.ok() || !absl::SimpleAtoi(*text, &number)) return std::nullopt;
  return number;
}

// Reads the number of `key` in a file of lines "key number".
std::optional<int64_t> ReadKey(const std::string& path, absl::string_view key) {
  const auto text = state::ReadFile(AT_FDCWD, path, kMostBytes);
  if (!text.ok()) return std::nullopt;
  for (absl::string_view line : absl::StrSplit(*text, '\n')) {
    const std::pair<absl::string_view, absl::string_view> word =
        absl::StrSplit(line, absl::MaxSplits(' ', 1));
    int64_t number = 0;
    if (word.first == key && absl::SimpleAtoi(word.second, &number)) {
      return number;
    }
  }
  return std::nullopt;
}

}  // namespace

absl::Status WriteCgroupFile(const std::string& group,
                             const std::string& file_name,
                             const std::string& text) {
  const std::string path = absl::StrCat(group, "/", file_name);
  const auto file = gofer::base::SyscallFd(
      [&] { return ::open(path.c_str(), O_WRONLY | O_CLOEXEC); });
  if (!file.ok()) return errors::FromErrno(file.error().number(), path);
  if (::write(file->get(), text.data(), text.size()) < 0) {
    return errors::FromErrno(errno, path);
  }
  return absl::OkStatus();
}

absl::StatusOr<Cgroup> Cgroup::Make(const std::string& parent,
                                    const std::string& name,
                                    int64_t max_memory_bytes) {
  const std::string path = absl::StrCat(parent, "/", name);
  // An old group is removed with its counters, which are about dead processes.
  ::rmdir(path.c_str());
  if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) {
    return errors::FromErrno(errno, path);
  }
  Cgroup group(path);
  if (max_memory_bytes == 0) return group;
  absl::Status limited = group.SetMaxMemory(max_memory_bytes);
  if (!limited.ok()) {
    // The parent does not hand the controller down yet.
    (void)WriteCgroupFile(parent, "cgroup.subtree_control", "+memory");
    limited = group.SetMaxMemory(max_memory_bytes);
  }
  if (limited.ok()) return group;
  group.Remove();
  return limited;
}

std::optional<Cgroup> Cgroup::Find(const std::string& parent,
                                   const std::string& name, pid_t process) {
  Cgroup group(absl::StrCat(parent, "/", name));
  const auto pids =
      state::ReadFile(AT_FDCWD, group.path_ + "/cgroup.procs", kMostBytes);
  if (!pids.ok()) return std::nullopt;
  for (absl::string_view line : absl::StrSplit(*pids, '\n')) {
    if (line == absl::StrCat(process)) return group;
  }
  return std::nullopt;
}

absl::Status Cgroup::Add(pid_t process) const {
  return WriteCgroupFile(path_, "cgroup.procs", absl::StrCat(process));
}

absl::Status Cgroup::SetMaxMemory(int64_t max_memory_bytes) const {
  return WriteCgroupFile(
      path_, "memory.max",
      max_memory_bytes == 0 ? "max" : absl::StrCat(max_memory_bytes));
}

std::optional<Cgroup::Memory> Cgroup::ReadMemory() const {
  Memory memory;
  const auto current = ReadNumber(path_ + "/memory.current");
  const auto max = ReadNumber(path_ + "/memory.max");
  if (!current || !max || *max <= 0) return std::nullopt;
  memory.used_bytes = *current;
  memory.max_bytes = *max;
  // Little is in use, and reading memory.stat costs the kernel more.
  if (*current < *max / 2) return memory;
  const std::string stat = path_ + "/memory.stat";
  memory.used_bytes -= ReadKey(stat, "active_file").value_or(0);
  memory.used_bytes -= ReadKey(stat, "inactive_file").value_or(0);
  memory.used_bytes = std::max<int64_t>(memory.used_bytes, 0);
  return memory;
}

bool Cgroup::HadOutOfMemory() const {
  return ReadKey(EventsPath(), "oom_kill").value_or(0) > 0;
}

void Cgroup::Remove() const { ::rmdir(path_.c_str()); }

}  // namespace goferd::process
