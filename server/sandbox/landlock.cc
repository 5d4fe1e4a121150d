#include "server/sandbox/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include "server/base/syscall.h"

namespace gofer::sandbox {
namespace {

// Rights that later kernels know are not handled, so they stay as they are.
constexpr uint64_t kFileRights =
    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE;
// Device files are among them: moving one takes the right to make one, and
// CAP_MKNOD guards that, except for whiteouts.
constexpr uint64_t kDirectoryRights =
    kFileRights | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR |
    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
    LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
    LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM |
    LANDLOCK_ACCESS_FS_REFER;
// Rights that are granted nowhere.
constexpr uint64_t kHandledRights =
    kDirectoryRights | LANDLOCK_ACCESS_FS_EXECUTE;

}  // namespace

int LandlockAbi() {
  const auto abi = ::syscall(SYS_landlock_create_ruleset, nullptr, 0,
                             LANDLOCK_CREATE_RULESET_VERSION);
  return abi < 0 ? 0 : static_cast<int>(abi);
}

base::ErrnoOr<LandlockRules> LandlockRules::Create() {
  landlock_ruleset_attr attributes = {};
  attributes.handled_access_fs = kHandledRights;
  auto rules = base::SyscallFd([&] {
    return static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes,
                                      sizeof(attributes), 0));
  });
  if (!rules.ok()) return rules.error();
  return LandlockRules(*std::move(rules));
}

base::ErrnoOr<void> LandlockRules::Allow(const char* path) {
  const auto file =
      base::SyscallFd([&] { return ::open(path, O_PATH | O_CLOEXEC); });
  if (!file.ok()) return file.error();
  struct stat stat;
  if (::fstat(file->get(), &stat) != 0) return base::Errno::Last();
  landlock_path_beneath_attr rule = {};
  rule.parent_fd = file->get();
  rule.allowed_access = S_ISDIR(stat.st_mode) ? kDirectoryRights : kFileRights;
  return base::SyscallVoid([&] {
    return ::syscall(SYS_landlock_add_rule, rules_.get(),
                     LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
  });
}

base::ErrnoOr<void> LandlockRules::Enforce() const {
  return base::SyscallVoid(
      [&] { return ::syscall(SYS_landlock_restrict_self, rules_.get(), 0); });
}

}  // namespace gofer::sandbox
