// ThreadCredentials: the calling thread acts as another user for a while.

#ifndef GOFER_SERVER_HOSTFS_THREAD_CREDENTIALS_H_
#define GOFER_SERVER_HOSTFS_THREAD_CREDENTIALS_H_

#include <sys/types.h>

#include "server/lisafs/control_fd.h"

namespace gofer::hostfs {

// Changes the effective ids of this thread alone (the system call does; glibc's
// wrapper would change all threads) and puts them back on destruction, on the
// same thread. An id that is wire::kNoId stays. Where the thread may not change
// an id, it goes on with the process's own id and logs a line, as gVisor's
// does: runsc/fsgofer/lisafs.go, Aug 2026. Ids that cannot be put back end the
// process: this thread would serve others as the wrong user.
//
// While the ids differ, a thread that was root has no effective capabilities.
// Each change makes the kernel mark the process not dumpable and forget the
// thread's parent-death signal.
class ThreadCredentials {
 public:
  explicit ThreadCredentials(lisafs::Owner user);
  ~ThreadCredentials();
  ThreadCredentials(const ThreadCredentials&) = delete;
  ThreadCredentials& operator=(const ThreadCredentials&) = delete;

 private:
  // The ids to put back; wire::kNoId for none.
  const gid_t old_gid_;
  const uid_t old_uid_;
};

}  // namespace gofer::hostfs

#endif  // GOFER_SERVER_HOSTFS_THREAD_CREDENTIALS_H_
