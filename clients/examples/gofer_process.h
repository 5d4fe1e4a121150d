// GoferProcess: a `gofer serve` that this program started.

#ifndef GOFER_CLIENTS_EXAMPLES_GOFER_PROCESS_H_
#define GOFER_CLIENTS_EXAMPLES_GOFER_PROCESS_H_

#include <sys/types.h>

#include <string>

#include "server/base/errno.h"
#include "server/base/unique_fd.h"

namespace gofer::examples {

// A child of ours, to be reaped by Wait.
class GoferProcess {
 public:
  // Runs the executable `gofer` on `socket`, our socket's other end, with
  // `root` as its tree. Errors: those of posix_spawn(3).
  static base::ErrnoOr<GoferProcess> Start(const std::string& gofer,
                                           const std::string& root,
                                           base::UniqueFd socket);

  pid_t pid() const { return pid_; }

  // Blocks until it has ended, which it does when its socket is closed. Returns
  // its exit status; 128 + n when signal n ended it.
  int Wait() const;

 private:
  explicit GoferProcess(pid_t pid) : pid_(pid) {}

  pid_t pid_;
};

}  // namespace gofer::examples

#endif  // GOFER_CLIENTS_EXAMPLES_GOFER_PROCESS_H_
