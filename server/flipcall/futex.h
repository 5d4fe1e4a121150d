// Futex wait and wake on a word that two processes share. Never the PRIVATE
// variants: the peer is another process, and the seccomp policy lets only these
// two operations through.

#ifndef GOFER_SERVER_FLIPCALL_FUTEX_H_
#define GOFER_SERVER_FLIPCALL_FUTEX_H_

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "server/base/errno.h"

namespace gofer::flipcall {

// The longest sleep of one FutexWait. The peer owns the word as much as we do:
// it can move our sleeper to another word (FUTEX_REQUEUE), or make every
// FUTEX_WAKE of this word fail (a FUTEX_LOCK_PI queued before us). So no sleep
// may rely on a wake alone; the price is one wake-up per second of idling.
inline constexpr time_t kLongestWaitSeconds = 1;

// Sleeps if `*word` is still `expected`, until woken or for
// kLongestWaitSeconds. Success says nothing about the word: wakes may be
// spurious or a peer's mischief. EAGAIN (the word differs), EINTR and ETIMEDOUT
// count as success. Errors: EFAULT, EINVAL.
inline base::ErrnoOr<void> FutexWait(const uint32_t* word, uint32_t expected) {
  const timespec longest = {.tv_sec = kLongestWaitSeconds, .tv_nsec = 0};
  if (::syscall(SYS_futex, word, FUTEX_WAIT, expected, &longest, nullptr, 0) ==
          0 ||
      errno == EAGAIN || errno == EINTR || errno == ETIMEDOUT) {
    return {};
  }
  return base::Errno::Last();
}

// Wakes at most `count` sleepers on `word`. The peer can make it fail or wake
// the wrong ones (see above); the sleeper's timeout makes up for that.
inline void FutexWake(const uint32_t* word, int count) {
  ::syscall(SYS_futex, word, FUTEX_WAKE, count, nullptr, nullptr, 0);
}

}  // namespace gofer::flipcall

#endif  // GOFER_SERVER_FLIPCALL_FUTEX_H_
