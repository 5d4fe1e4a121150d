// ProcSelfFd: the directory /proc/self/fd, through which a descriptor stands
// for its file wherever the kernel wants a name. Its links lead to the file
// itself, be it renamed, deleted or a symlink.

#ifndef GOFER_SERVER_HOSTFS_PROC_SELF_FD_H_
#define GOFER_SERVER_HOSTFS_PROC_SELF_FD_H_

#include <sys/types.h>

#include <array>
#include <cstdint>

#include "server/base/errno.h"
#include "server/base/unique_fd.h"

namespace gofer::hostfs {

// Owns a descriptor of the directory, which must be this process's. /proc need
// not stay mounted. All `fd` parameters are borrowed and may be O_PATH.
// Thread-safe.
class ProcSelfFd {
 public:
  // A path that is valid for the calling thread.
  using Path = std::array<char, 32>;

  // Errors: those of open(2).
  static base::ErrnoOr<base::UniqueFd> OpenDirectory();

  explicit ProcSelfFd(base::UniqueFd directory);

  // Makes a new open file of the file behind `fd`; `flags` without O_NOFOLLOW.
  // Permissions are checked again.
  base::ErrnoOr<base::UniqueFd> Reopen(int fd, int flags) const;

  // Does fchmod(2), which does not take O_PATH descriptors. Without the
  // directory where the kernel has fchmodat2 (6.6).
  base::ErrnoOr<void> Chmod(int fd, mode_t mode) const;
  // Makes a hard link `name` in `directory`, to a symlink too. Needs no
  // capability, unlike AT_EMPTY_PATH. Errors: ENOENT when the file has no link
  // left.
  base::ErrnoOr<void> Link(int fd, int directory, const char* name) const;

  // Returns a path of the file for calls that take no directory; they must
  // follow its last link. Valid for the calling thread as long as it calls
  // neither this method of another object nor EnterThreadDirectory. Errors:
  // those of fchdir(2).
  base::ErrnoOr<Path> PathOnThisThread(int fd) const;

 private:
  const base::UniqueFd directory_;
  const uint64_t token_;
};

}  // namespace gofer::hostfs

#endif  // GOFER_SERVER_HOSTFS_PROC_SELF_FD_H_
