// The open(2) flags that the host backend uses. Of a client's flags only the
// access mode and O_TRUNC ever reach the host.

#ifndef GOFER_SERVER_HOSTFS_OPEN_FLAGS_H_
#define GOFER_SERVER_HOSTFS_OPEN_FLAGS_H_

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdint>

namespace gofer::hostfs {

// For opening an existing file by name: no symlink is followed, and the
// descriptor does not survive exec.
inline constexpr int kBaseOpenFlags = O_NOFOLLOW | O_CLOEXEC;

// For control FDs: they name the file and open nothing. See README.md for why.
inline constexpr int kControlOpenFlags = kBaseOpenFlags | O_PATH;

// For every file that is really opened: a thread that holds locks must not
// wait, neither for the other end of a FIFO nor for a device nor for the holder
// of a lease on a regular file (EAGAIN). No terminal becomes ours.
inline constexpr int kOpenFlags = O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

// For opening again, through /proc/self/fd, with the client's `flags`. The link
// there must be followed, so there is no O_NOFOLLOW.
constexpr int ReopenFlags(uint32_t flags) {
  return static_cast<int>(flags & (O_ACCMODE | O_TRUNC)) | kOpenFlags;
}

// For creating a regular file with the client's access mode; fails when the
// name is taken, if only by a symlink. The descriptor may be donated, hence no
// O_NOFOLLOW: the client would see it in F_GETFL.
constexpr int CreateFlags(uint32_t flags) {
  return static_cast<int>(flags & O_ACCMODE) | O_CREAT | O_EXCL | kOpenFlags;
}

// The bits of a client's mode that are not the file type.
constexpr mode_t PermissionBits(uint32_t mode) { return mode & 07777; }

}  // namespace gofer::hostfs

#endif  // GOFER_SERVER_HOSTFS_OPEN_FLAGS_H_
