// Futex wait and wake on a word that two processes share. Never the PRIVATE
// variants: the peer is another process, and the seccomp policy lets only these
// two operations through.

#ifndef GOFER_SERVER_FLIPCALL_FUTEX_H_
#define GOFER_SERVER_FLIPCALL_FUTEX_H_

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

#include "server/base/errno.h"

namespace gofer::flipcall {

// Sleeps if `*word` is still `expected`, until woken. Success says nothing
// about the word: wakes may be spurious or a peer's mischief. EAGAIN (the word
// differs) and EINTR count as success. Errors: EFAULT, EINVAL.
inline base::ErrnoOr<void> FutexWait(const uint32_t* word, uint32_t expected) {
  if (::syscall(SYS_futex, word, FUTEX_WAIT, expected, nullptr, nullptr, 0) ==
          0 ||
      errno == EAGAIN || errno == EINTR) {
    return {};
  }
  return base::Errno::Last();
}

// Wakes at most `count` sleepers on `word`. Cannot fail on mapped memory.
inline void FutexWake(const uint32_t* word, int count) {
  ::syscall(SYS_futex, word, FUTEX_WAKE, count, nullptr, nullptr, 0);
}

}  // namespace gofer::flipcall

#endif  // GOFER_SERVER_FLIPCALL_FUTEX_H_
