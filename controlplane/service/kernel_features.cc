#include "controlplane/service/kernel_features.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>

#include "server/base/unique_fd.h"

namespace goferd::service {
namespace {

using gofer::base::UniqueFd;

bool HasCgroup2() {
  for (const char* const path : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
    struct statfs info = {};
    if (::statfs(path, &info) == 0 && info.f_type == CGROUP2_SUPER_MAGIC) {
      return true;
    }
  }
  return false;
}

// Id-mapped mounts came with mount_setattr, which refuses a size of 0 by
// EINVAL.
bool HasIdmappedMounts() {
  return ::syscall(SYS_mount_setattr, -1, "", 0, nullptr, 0) == -1 &&
         errno == EINVAL;
}

bool HasLandlock() {
  return ::syscall(SYS_landlock_create_ruleset, nullptr, 0,
                   LANDLOCK_CREATE_RULESET_VERSION) >= 1;
}

bool HasOpenat2() {
  open_how how = {};
  how.flags = O_PATH | O_CLOEXEC;
  const UniqueFd fd(static_cast<int>(
      ::syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof(how))));
  return fd.get() >= 0;
}

bool HasPidfd() {
  const UniqueFd fd(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
  return fd.get() >= 0;
}

bool HasSeccomp() {
  const uint32_t action = SECCOMP_RET_KILL_PROCESS;
  return ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

bool HasUserNamespaces() {
  const UniqueFd fd(
      ::open("/proc/sys/user/max_user_namespaces", O_RDONLY | O_CLOEXEC));
  char text[32] = {};
  return fd.get() >= 0 && ::read(fd.get(), text, sizeof(text) - 1) > 0 &&
         std::strtol(text, nullptr, 10) > 0;
}

}  // namespace

std::vector<std::string> KernelFeatures() {
  struct Feature {
    const char* name;
    bool (*is_there)();
  };
  constexpr Feature kFeatures[] = {
      {"cgroup2", HasCgroup2},
      {"idmapped-mounts", HasIdmappedMounts},
      {"landlock", HasLandlock},
      {"openat2", HasOpenat2},
      {"pidfd", HasPidfd},
      {"seccomp", HasSeccomp},
      {"user-namespaces", HasUserNamespaces},
  };
  std::vector<std::string> names;
  for (const Feature& feature : kFeatures) {
    if (feature.is_there()) names.emplace_back(feature.name);
  }
  return names;
}

std::string KernelRelease() {
  utsname names = {};
  return ::uname(&names) == 0 ? names.release : "";
}

}  // namespace goferd::service
