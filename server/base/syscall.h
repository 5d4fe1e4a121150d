// RetryOnEintr: runs a system call until a signal no longer interrupts it.

#ifndef GOFER_SERVER_BASE_SYSCALL_H_
#define GOFER_SERVER_BASE_SYSCALL_H_

#include <cerrno>

#include "server/base/errno.h"
#include "server/base/unique_fd.h"

namespace gofer::base {

// Calls `call` (returning -1 and errno on failure) until it does not fail with
// EINTR, and returns its last result.
template <typename Call>
auto RetryOnEintr(Call call) -> decltype(call()) {
  decltype(call()) result;
  do {
    result = call();
  } while (result == -1 && errno == EINTR);
  return result;
}

// As RetryOnEintr, with the result as a value or an Errno.
template <typename Call>
auto Syscall(Call call) -> ErrnoOr<decltype(call())> {
  const auto result = RetryOnEintr(call);
  if (result == -1) return Errno::Last();
  return result;
}

// For calls whose result only says success.
template <typename Call>
ErrnoOr<void> SyscallVoid(Call call) {
  if (RetryOnEintr(call) == -1) return Errno::Last();
  return {};
}

// For calls whose result is a new descriptor.
template <typename Call>
ErrnoOr<UniqueFd> SyscallFd(Call call) {
  const int fd = RetryOnEintr(call);
  if (fd == -1) return Errno::Last();
  return UniqueFd(fd);
}

}  // namespace gofer::base

#endif  // GOFER_SERVER_BASE_SYSCALL_H_
