// BriefCloses: closing descriptors that others chose, in bounded time.

#ifndef GOFER_SERVER_BASE_BRIEF_CLOSES_H_
#define GOFER_SERVER_BASE_BRIEF_CLOSES_H_

#include <signal.h>
#include <time.h>

namespace gofer::base {

// close(2) may wait: for the data that a TCP socket with SO_LINGER has not
// sent, and also when such a socket is only queued, as SCM_RIGHTS, in the
// socket that is closed or read. While an object of this class lives, no such
// wait of its thread takes longer than a few milliseconds, because a timer
// interrupts it; other system calls of the thread may fail with EINTR then. A
// wait that no signal ends (a file of a FUSE file system whose daemon does not
// answer) goes on.
//
// An object is made and destroyed on one thread. It does nothing when the host
// gives no timer.
class BriefCloses {
 public:
  BriefCloses();
  ~BriefCloses();
  BriefCloses(const BriefCloses&) = delete;
  BriefCloses& operator=(const BriefCloses&) = delete;

 private:
  timer_t timer_ = {};
  bool armed_ = false;
  sigset_t mask_before_;
};

}  // namespace gofer::base

#endif  // GOFER_SERVER_BASE_BRIEF_CLOSES_H_
