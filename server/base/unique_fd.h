// UniqueFd: the owner of a file descriptor. A descriptor is a UniqueFd from the
// system call that made it to its last owner; an `int fd` parameter anywhere in
// the project means "borrowed for this call".

#ifndef GOFER_SERVER_BASE_UNIQUE_FD_H_
#define GOFER_SERVER_BASE_UNIQUE_FD_H_

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "server/base/errno.h"

namespace gofer::base {

// Closes its descriptor on destruction. Not thread-safe.
class UniqueFd {
 public:
  UniqueFd() = default;
  // Takes ownership of `fd`; a negative value means "none".
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  explicit operator bool() const { return valid(); }

  // Gives up ownership.
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

  void reset(int fd = -1) {
    // close() is never retried: Linux has freed the number even on EINTR.
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

// Makes a close-on-exec duplicate of the borrowed `fd`. Errors: EBADF, EMFILE.
inline ErrnoOr<UniqueFd> DupFd(int fd) {
  const int copy = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return Errno::Last();
  return UniqueFd(copy);
}

}  // namespace gofer::base

#endif  // GOFER_SERVER_BASE_UNIQUE_FD_H_
