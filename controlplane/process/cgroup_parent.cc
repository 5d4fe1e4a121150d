#include "controlplane/process/cgroup_parent.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "controlplane/errors/error.h"
#include "controlplane/process/cgroup.h"
#include "controlplane/state/private_directory.h"
#include "server/base/mount_info.h"
#include "server/base/syscall.h"

namespace goferd::process {
namespace {

constexpr size_t kMostListBytes = size_t{1} << 20;
constexpr size_t kMostGroups = 65536;
constexpr char kLeaf[] = "goferd";

absl::Status No(absl::string_view why) {
  return errors::Error(errors::Reason::KERNEL_FEATURE_MISSING, why,
                       {{"feature", "cgroup"}});
}

absl::StatusOr<std::string> Read(const std::string& path) {
  auto text = state::ReadFile(AT_FDCWD, path, kMostListBytes);
  if (!text.ok()) return errors::FromErrno(text.error().number(), path);
  return *std::move(text);
}

bool Exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

// Returns the directory of our group, if the mounted tree shows it.
absl::StatusOr<std::string> OwnGroup(const CgroupSelf& self) {
  const auto groups = Read(self.cgroup_file);
  if (!groups.ok()) return groups.status();
  const auto mounts = Read(self.mountinfo_file);
  if (!mounts.ok()) return mounts.status();
  absl::string_view path;
  for (absl::string_view line : absl::StrSplit(*groups, '\n')) {
    if (absl::ConsumePrefix(&line, "0::")) path = line;
  }
  if (!absl::ConsumePrefix(&path, "/")) return No("there is no cgroup2 group");
  for (const auto& mount : gofer::base::ParseMountInfo(*mounts)) {
    if (mount.type != "cgroup2") continue;
    return path.empty() ? mount.mount_point
                        : absl::StrCat(mount.mount_point, "/", path);
  }
  return No("cgroup2 is not mounted");
}

absl::StatusOr<std::vector<pid_t>> ProcessesIn(const std::string& group) {
  const auto text = Read(group + "/cgroup.procs");
  if (!text.ok()) return text.status();
  std::vector<pid_t> pids;
  for (absl::string_view line :
       absl::StrSplit(*text, '\n', absl::SkipEmpty())) {
    pid_t pid = 0;
    // A process of another PID namespace has the number 0.
    (void)absl::SimpleAtoi(line, &pid);
    pids.push_back(pid);
  }
  return pids;
}

// Whether the only groups below `group` are our own leaf and gofers' groups.
bool HasOnlyOurs(const std::string& group) {
  const auto directory = gofer::base::SyscallFd([&] {
    return ::open(group.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  });
  if (!directory.ok()) return false;
  const auto names = state::NamesIn(directory->get(), kMostGroups);
  return std::all_of(names.begin(), names.end(), [&](const std::string& name) {
    struct stat stat = {};
    if (::fstatat(directory->get(), name.c_str(), &stat, AT_SYMLINK_NOFOLLOW) !=
        0) {
      return false;
    }
    return !S_ISDIR(stat.st_mode) || name == kLeaf ||
           absl::StartsWith(name, "gofer-");
  });
}

// Only the root of all groups has no such file.
bool IsRoot(const std::string& group) {
  return !Exists(group + "/cgroup.events");
}

bool MayWrite(const std::string& group) {
  return ::access(group.c_str(), W_OK) == 0 &&
         ::access((group + "/cgroup.procs").c_str(), W_OK) == 0;
}

// Returns the group above ours if it was made for us and our gofers, and an
// empty string otherwise.
std::string MadeForUs(const std::string& group) {
  const size_t slash = group.rfind('/');
  if (slash == std::string::npos || group.substr(slash + 1) != kLeaf) return "";
  std::string parent = group.substr(0, slash);
  const auto pids = ProcessesIn(parent);
  const bool is_ours = pids.ok() && pids->empty() && !IsRoot(parent) &&
                       HasOnlyOurs(parent) && MayWrite(parent);
  return is_ours ? parent : "";
}

absl::Status MoveToLeaf(const std::string& group, pid_t pid) {
  const std::string leaf = absl::StrCat(group, "/", kLeaf);
  if (::mkdir(leaf.c_str(), 0755) != 0 && errno != EEXIST) {
    return errors::FromErrno(errno, leaf);
  }
  absl::Status moved = WriteCgroupFile(leaf, "cgroup.procs", absl::StrCat(pid));
  if (!moved.ok()) ::rmdir(leaf.c_str());
  return moved;
}

void HandMemoryDown(const std::string& group) {
  const auto controllers = Read(group + "/cgroup.controllers");
  if (!controllers.ok()) return;
  const std::vector<absl::string_view> names =
      absl::StrSplit(*controllers, absl::ByAnyChar(" \n"));
  if (std::find(names.begin(), names.end(), "memory") == names.end()) return;
  // A failure is no error: a gofer's memory is not limited then, and its server
  // reports it.
  (void)WriteCgroupFile(group, "cgroup.subtree_control", "+memory");
}

}  // namespace

CgroupSelf CgroupSelf::OfThisProcess() {
  return {.cgroup_file = "/proc/self/cgroup",
          .mountinfo_file = "/proc/self/mountinfo",
          .pid = ::getpid(),
          .is_service = std::getenv("INVOCATION_ID") != nullptr};
}

absl::StatusOr<std::string> FindCgroupParent(const CgroupSelf& self) {
  auto group = OwnGroup(self);
  if (!group.ok()) return group;
  const auto pids = ProcessesIn(*group);
  if (!pids.ok()) return pids.status();
  // Where only a part of the groups is mounted, this may be another group of
  // that name, which does not have our process.
  if (std::find(pids->begin(), pids->end(), self.pid) == pids->end()) {
    return No(absl::StrCat(*group, " is not goferd's group"));
  }
  if (IsRoot(*group)) return No("goferd is in the root of all groups");
  if (std::string parent = MadeForUs(*group); !parent.empty()) {
    HandMemoryDown(parent);
    return parent;
  }
  if (pids->size() > 1 || !HasOnlyOurs(*group)) {
    return No(absl::StrCat(*group, " holds other processes or groups"));
  }
  if (self.is_service) {
    return No(absl::StrCat(
        "goferd is a service in ", *group,
        ": give its unit Delegate=yes and DelegateSubgroup=", kLeaf));
  }
  if (absl::Status moved = MoveToLeaf(*group, self.pid); !moved.ok()) {
    return moved;
  }
  HandMemoryDown(*group);
  return group;
}

}  // namespace goferd::process
