#include "controlplane/supervisor/cgroup.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "controlplane/errors/error.h"
#include "controlplane/supervisor/private_directory.h"
#include "server/base/syscall.h"

namespace goferd::supervisor {
namespace {

absl::Status Write(const std::string& path, const std::string& text) {
  const auto file = gofer::base::SyscallFd(
      [&] { return ::open(path.c_str(), O_WRONLY | O_CLOEXEC); });
  if (!file.ok()) return errors::FromErrno(file.error().number(), path);
  if (::write(file->get(), text.data(), text.size()) < 0) {
    return errors::FromErrno(errno, path);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Cgroup> Cgroup::Make(const std::string& parent,
                                    const std::string& name,
                                    int64_t max_memory_bytes) {
  const std::string path = absl::StrCat(parent, "/", name);
  if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) {
    return errors::FromErrno(errno, path);
  }
  Cgroup group(path);
  if (max_memory_bytes == 0) return group;
  absl::Status limited = group.SetMaxMemory(max_memory_bytes);
  if (!limited.ok()) {
    // The parent does not hand the controller down yet.
    (void)Write(parent + "/cgroup.subtree_control", "+memory");
    limited = group.SetMaxMemory(max_memory_bytes);
  }
  if (limited.ok()) return group;
  group.Remove();
  return limited;
}

absl::Status Cgroup::Add(pid_t process) const {
  return Write(path_ + "/cgroup.procs", absl::StrCat(process));
}

absl::Status Cgroup::SetMaxMemory(int64_t max_memory_bytes) const {
  return Write(path_ + "/memory.max",
               max_memory_bytes == 0 ? "max" : absl::StrCat(max_memory_bytes));
}

bool Cgroup::HadOutOfMemory() const {
  constexpr size_t kMostBytes = 4096;
  const auto events = ReadFile(AT_FDCWD, path_ + "/memory.events", kMostBytes);
  if (!events.ok()) return false;
  for (absl::string_view line : absl::StrSplit(*events, '\n')) {
    const std::pair<absl::string_view, absl::string_view> word =
        absl::StrSplit(line, absl::MaxSplits(' ', 1));
    int64_t count = 0;
    if (word.first == "oom_kill" && absl::SimpleAtoi(word.second, &count)) {
      return count > 0;
    }
  }
  return false;
}

void Cgroup::Remove() const { ::rmdir(path_.c_str()); }

}  // namespace goferd::supervisor
