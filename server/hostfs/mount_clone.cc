#include "server/hostfs/mount_clone.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/statvfs.h>

#include "server/base/syscall.h"

namespace gofer::hostfs {

base::ErrnoOr<base::UniqueFd> CloneMount(int directory, lisafs::Access access,
                                         Devices devices) {
  auto clone = base::SyscallFd([&] {
    return ::open_tree(
        directory, "",
        AT_EMPTY_PATH | AT_RECURSIVE | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  });
  if (!clone.ok()) return clone.error();
  mount_attr attributes = {};
  attributes.attr_set = MOUNT_ATTR_NOSUID;
  if (devices == Devices::kUnusable) attributes.attr_set |= MOUNT_ATTR_NODEV;
  if (access == lisafs::Access::kReadOnly) {
    attributes.attr_set |= MOUNT_ATTR_RDONLY;
  }
  attributes.propagation = MS_PRIVATE;
  if (::mount_setattr(clone->get(), "", AT_EMPTY_PATH | AT_RECURSIVE,
                      &attributes, sizeof(attributes)) != 0) {
    return base::Errno::Last();
  }
  if (devices == Devices::kUsable) {
    // But not those of the directory's own file system: an image may have put
    // them there. A device that an administrator binds is a mount of its own.
    mount_attr own = {};
    own.attr_set = MOUNT_ATTR_NODEV;
    if (::mount_setattr(clone->get(), "", AT_EMPTY_PATH, &own, sizeof(own)) !=
        0) {
      return base::Errno::Last();
    }
  }
  return clone;
}

bool IsOnReadOnlyMount(int fd) {
  struct statvfs stat;
  return base::RetryOnEintr([&] { return ::fstatvfs(fd, &stat); }) == 0 &&
         (stat.f_flag & ST_RDONLY) != 0;
}

}  // namespace gofer::hostfs
