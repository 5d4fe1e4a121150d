#include "server/sandbox/detached_mount.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include <fstream>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
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

base::ErrnoOr<DetachedMount> DetachedMount::NewTmpfs() {
  const auto context =
      base::SyscallFd([] { return ::fsopen("tmpfs", FSOPEN_CLOEXEC); });
  if (!context.ok()) return context.error();
  const auto created = base::SyscallVoid([&] {
    if (::fsconfig(context->get(), FSCONFIG_SET_STRING, "mode", "0755", 0) !=
        0) {
      return -1;
    }
    return ::fsconfig(context->get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0);
  });
  if (!created.ok()) return created.error();
  auto root = base::SyscallFd([&] {
    return ::fsmount(context->get(), FSMOUNT_CLOEXEC,
                     MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
  });
  if (!root.ok()) return root.error();
  return DetachedMount(*std::move(root));
}

base::ErrnoOr<bool> DetachedMount::IsDetached(int file) {
  struct statx stat = {};
  const auto found = base::SyscallVoid(
      [&] { return ::statx(file, "", AT_EMPTY_PATH, STATX_MNT_ID, &stat); });
  if (!found.ok()) return found.error();
  std::ifstream mounts("/proc/self/mountinfo");
  if (!mounts) return base::Errno(ENOENT);
  for (std::string line; std::getline(mounts, line);) {
    uint64_t id = 0;
    const size_t end = line.find(' ');
    if (absl::SimpleAtoi(absl::string_view(line).substr(0, end), &id) &&
        id == stat.stx_mnt_id) {
      return false;
    }
  }
  return true;
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

base::ErrnoOr<void> DetachedMount::MapIds(int user_namespace,
                                          bool recursive) const {
  mount_attr change = {};
  change.attr_set = MOUNT_ATTR_IDMAP;
  change.propagation = MS_PRIVATE;
  change.userns_fd = static_cast<uint64_t>(user_namespace);
  return Change(root_.get(), recursive, change);
}

base::ErrnoOr<void> DetachedMount::MakeReadonly() const {
  mount_attr change = {};
  change.attr_set = MOUNT_ATTR_RDONLY;
  return Change(root_.get(), false, change);
}

base::ErrnoOr<void> DetachedMount::MakeWritable() const {
  mount_attr change = {};
  change.attr_clr = MOUNT_ATTR_RDONLY;
  return Change(root_.get(), false, change);
}

bool DetachedMount::IsReadonly() const {
  struct statvfs stat;
  return ::fstatvfs(root_.get(), &stat) != 0 || (stat.f_flag & ST_RDONLY) != 0;
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
