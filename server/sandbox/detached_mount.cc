#include "server/sandbox/detached_mount.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "server/base/syscall.h"

namespace gofer::sandbox {
namespace {

uint64_t PropagationFlag(PropagationKind kind) {
  switch (kind) {
    case PropagationKind::kPrivate:
      return MS_PRIVATE;
    case PropagationKind::kSlave:
      return MS_SLAVE;
    case PropagationKind::kUnbindable:
      return MS_UNBINDABLE;
  }
  return MS_PRIVATE;
}

base::ErrnoOr<void> Change(int mount, bool recursive, mount_attr change) {
  const unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0u);
  return base::SyscallVoid([&] {
    return ::mount_setattr(mount, "", flags, &change, sizeof(change));
  });
}

}  // namespace

base::ErrnoOr<DetachedMount> DetachedMount::Clone(const char* path,
                                                  bool recursive) {
  const unsigned flags =
      OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0u);
  auto root =
      base::SyscallFd([&] { return ::open_tree(AT_FDCWD, path, flags); });
  if (!root.ok()) return root.error();
  return DetachedMount(*std::move(root));
}

base::ErrnoOr<DetachedMount> DetachedMount::Clone(int file, bool recursive) {
  const unsigned flags = AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
                         (recursive ? AT_RECURSIVE : 0u);
  auto root = base::SyscallFd([&] { return ::open_tree(file, "", flags); });
  if (!root.ok()) return root.error();
  return DetachedMount(*std::move(root));
}

base::ErrnoOr<void> DetachedMount::SetAttributes(uint64_t attributes) const {
  if (attributes == 0) return {};
  mount_attr change = {};
  change.attr_set = attributes;
  // The way access times are kept is one field: it is replaced or left alone.
  if ((attributes & MOUNT_ATTR__ATIME) != 0) {
    change.attr_clr = MOUNT_ATTR__ATIME;
  }
  return Change(root_.get(), true, change);
}

base::ErrnoOr<void> DetachedMount::SetPropagation(
    Propagation propagation) const {
  mount_attr change = {};
  change.propagation = PropagationFlag(propagation.kind);
  return Change(root_.get(), propagation.recursive, change);
}

base::ErrnoOr<void> DetachedMount::MapIds(int user_namespace) const {
  mount_attr change = {};
  change.attr_set = MOUNT_ATTR_IDMAP;
  change.propagation = MS_PRIVATE;
  change.userns_fd = static_cast<uint64_t>(user_namespace);
  return Change(root_.get(), true, change);
}

base::ErrnoOr<void> DetachedMount::MakeReadonly() const {
  mount_attr change = {};
  change.attr_set = MOUNT_ATTR_RDONLY;
  return Change(root_.get(), false, change);
}

base::ErrnoOr<void> DetachedMount::Attach(int mount_point) const {
  return base::SyscallVoid([&] {
    return ::move_mount(root_.get(), "", mount_point, "",
                        MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
  });
}

base::ErrnoOr<bool> DetachedMount::IsDirectory() const {
  struct stat stat;
  if (::fstat(root_.get(), &stat) != 0) return base::Errno::Last();
  return S_ISDIR(stat.st_mode);
}

bool DetachedMount::IsProcfs() const {
  struct statfs stat;
  return ::fstatfs(root_.get(), &stat) == 0 && stat.f_type == PROC_SUPER_MAGIC;
}

}  // namespace gofer::sandbox
