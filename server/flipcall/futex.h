// Futex wait and wake on a word that two processes share, and beside it on a
// word of our own, which the peer cannot reach.

#ifndef GOFER_SERVER_FLIPCALL_FUTEX_H_
#define GOFER_SERVER_FLIPCALL_FUTEX_H_

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

#include "server/base/errno.h"

namespace gofer::flipcall {

static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t));

// The longest sleep of one FutexWait. The peer owns the word as much as we do:
// it can move our sleeper to another word (FUTEX_REQUEUE), or make every
// FUTEX_WAKE of this word fail (a FUTEX_LOCK_PI queued before us). So no sleep
// may rely on a wake of this word alone.
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

// As FutexWait, but sleeps without end while `own` is `own_expected`, too: a
// FutexWakeOwn of it ends the sleep, whatever the peer does. It falls back to
// FutexWait where the kernel (before 5.16) or a filter around us has no
// futex_waitv.
inline base::ErrnoOr<void> FutexWaitEither(const uint32_t* word,
                                           uint32_t expected,
                                           const std::atomic<uint32_t>& own,
                                           uint32_t own_expected) {
  futex_waitv words[2] = {};
  words[0].val = expected;
  words[0].uaddr = reinterpret_cast<uintptr_t>(word);
  words[0].flags = FUTEX_32;
  words[1].val = own_expected;
  words[1].uaddr = reinterpret_cast<uintptr_t>(&own);
  words[1].flags = FUTEX_32 | FUTEX_PRIVATE_FLAG;
  if (::syscall(SYS_futex_waitv, words, 2, 0, nullptr, 0) >= 0 ||
      errno == EAGAIN || errno == EINTR) {
    return {};
  }
  if (errno == ENOSYS || errno == EPERM) return FutexWait(word, expected);
  return base::Errno::Last();
}

// Wakes the sleeper on a word that only this process has.
inline void FutexWakeOwn(const std::atomic<uint32_t>& own) {
  ::syscall(SYS_futex, &own, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, 1, nullptr,
            nullptr, 0);
}

// Wakes at most `count` sleepers on `word`. The peer can make it fail or wake
// the wrong ones (see above).
inline void FutexWake(const uint32_t* word, int count) {
  ::syscall(SYS_futex, word, FUTEX_WAKE, count, nullptr, nullptr, 0);
}

}  // namespace gofer::flipcall

#endif  // GOFER_SERVER_FLIPCALL_FUTEX_H_
