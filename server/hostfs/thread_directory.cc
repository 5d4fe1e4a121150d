#include "server/hostfs/thread_directory.h"

#include <sched.h>
#include <unistd.h>

namespace gofer::hostfs {
namespace {

// Remembers what the kernel knows of this thread.
struct ThreadState {
  bool has_own_directory = false;
  uint64_t token = 0;
};
thread_local ThreadState this_thread;

}  // namespace

base::ErrnoOr<void> EnterThreadDirectory(int directory, uint64_t token) {
  if (!this_thread.has_own_directory) {
    if (::unshare(CLONE_FS) != 0) return base::Errno::Last();
    this_thread.has_own_directory = true;
  }
  if (token != 0 && token == this_thread.token) return {};
  if (::fchdir(directory) != 0) return base::Errno::Last();
  this_thread.token = token;
  return {};
}

}  // namespace gofer::hostfs
