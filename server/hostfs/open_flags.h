// The open(2) flags that the host backend uses. Of a client's flags only the
// access mode and O_TRUNC ever reach the host.

#ifndef GOFER_SERVER_HOSTFS_OPEN_FLAGS_H_
#define GOFER_SERVER_HOSTFS_OPEN_FLAGS_H_

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdint>

namespace gofer::hostfs {

// For every open by name: no symlink is followed, nothing survives exec.
inline constexpr int kBaseOpenFlags = O_NOFOLLOW | O_CLOEXEC;

// For control FDs: names the file and opens nothing. See README.md for why.
inline constexpr int kControlOpenFlags = kBaseOpenFlags | O_PATH;

// For opening again, through /proc/self/fd, a file of type `file_type` (S_IFMT
// bits) with the client's `flags`. The link there must be followed, so there is
// no O_NOFOLLOW. FIFOs and devices must not block a thread that holds locks.
constexpr int ReopenFlags(uint32_t flags, uint32_t file_type) {
  const bool may_block = file_type == S_IFIFO || file_type == S_IFCHR;
  return static_cast<int>(flags & (O_ACCMODE | O_TRUNC)) | O_CLOEXEC |
         (may_block ? O_NONBLOCK : 0);
}

// For creating a regular file with the client's access mode; fails when the
// name is taken, if only by a symlink. The descriptor may be donated, hence no
// O_NOFOLLOW: the client would see it in F_GETFL.
constexpr int CreateFlags(uint32_t flags) {
  return static_cast<int>(flags & O_ACCMODE) | O_CREAT | O_EXCL | O_CLOEXEC;
}

// The bits of a client's mode that are not the file type.
constexpr mode_t PermissionBits(uint32_t mode) { return mode & 07777; }

}  // namespace gofer::hostfs

#endif  // GOFER_SERVER_HOSTFS_OPEN_FLAGS_H_
