// DetachedMount: a copy of mounts of the host that is not mounted anywhere yet.

#ifndef GOFER_SERVER_SANDBOX_DETACHED_MOUNT_H_
#define GOFER_SERVER_SANDBOX_DETACHED_MOUNT_H_

#include <cstdint>
#include <utility>

#include "server/base/errno.h"
#include "server/base/unique_fd.h"
#include "server/sandbox/plan.h"

namespace gofer::sandbox {

// Owns an O_PATH descriptor of the copy's root. A copy that is destroyed before
// it was attached is gone. Needs Linux 5.12. Not thread-safe.
class DetachedMount {
 public:
  // Copies what is mounted at `path`, following symlinks, and with `recursive`
  // what is below. Errors: those of open_tree(2), EINVAL for a mount that is
  // unbindable or has locked mounts below it.
  static base::ErrnoOr<DetachedMount> Clone(const char* path, bool recursive);

  // Copies what is mounted at the borrowed O_PATH `file` in the same way. It
  // must be in our mount namespace.
  static base::ErrnoOr<DetachedMount> Clone(int file, bool recursive);

  // An empty tmpfs, mode 0755. Errors: those of fsopen(2) and its kind.
  static base::ErrnoOr<DetachedMount> NewTmpfs();

  // Takes the root of a copy that somebody else has made (IsDetached).
  static DetachedMount Adopt(base::UniqueFd root) {
    return DetachedMount(std::move(root));
  }
  // Whether the borrowed O_PATH `file` is on a mount that is not part of our
  // mount namespace. Needs /proc. Errors: those of statx(2), ENOENT without
  // /proc.
  static base::ErrnoOr<bool> IsDetached(int file);

  // Sets MOUNT_ATTR_* on all mounts of the copy: a read-only mount must not
  // hold a writable mount. Works after Attach, too. Errors: those of
  // mount_setattr(2).
  base::ErrnoOr<void> SetAttributes(uint64_t attributes) const;
  base::ErrnoOr<void> SetPropagation(Propagation propagation) const;
  // Shows the owners of files as the borrowed `user_namespace`
  // (MakeIdMapNamespace) maps them, and makes the mounts private; without
  // `recursive` only the root's mount. Called before Attach. Errors: EINVAL for
  // a file system that cannot map ids, EPERM for a mount that is mapped
  // already, or without CAP_SYS_ADMIN in the user namespace that the file
  // system belongs to.
  base::ErrnoOr<void> MapIds(int user_namespace, bool recursive) const;
  // Makes the root's mount read-only, or writable, and no mount below it.
  base::ErrnoOr<void> MakeReadonly() const;
  base::ErrnoOr<void> MakeWritable() const;
  // Whether nothing can be changed through the root's mount.
  bool IsReadonly() const;

  // Mounts the copy on the borrowed, O_PATH `mount_point`: a directory on a
  // directory or a file on a file. Errors: those of move_mount(2).
  base::ErrnoOr<void> Attach(int mount_point) const;

  base::ErrnoOr<bool> IsDirectory() const;
  // Whether the copy shows files of procfs.
  bool IsProcfs() const;

  int fd() const { return root_.get(); }
  base::UniqueFd Release() && { return std::move(root_); }

 private:
  explicit DetachedMount(base::UniqueFd root) : root_(std::move(root)) {}

  base::UniqueFd root_;
};

}  // namespace gofer::sandbox

#endif  // GOFER_SERVER_SANDBOX_DETACHED_MOUNT_H_
