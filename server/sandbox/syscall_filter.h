// InstallSyscallFilter: the rows of the policy, enforced by the kernel.

#ifndef GOFER_SERVER_SANDBOX_SYSCALL_FILTER_H_
#define GOFER_SERVER_SANDBOX_SYSCALL_FILTER_H_

#include "server/base/errno.h"
#include "server/sandbox/plan.h"

namespace gofer::sandbox {

// From now on, a system call that no row allows kills the process by SIGSYS,
// when this thread or a thread that it starts makes the call. (Only clone3 is
// ENOSYS instead: the C library then calls clone, whose arguments can be
// checked.) Under sanitizers, whose runtimes need other calls, nothing is
// installed, with a warning. Errors: EACCES without no_new_privs or
// CAP_SYS_ADMIN, ENOMEM, and those of seccomp(2).
base::ErrnoOr<void> InstallSyscallFilter(const SyscallPlan& plan);

}  // namespace gofer::sandbox

#endif  // GOFER_SERVER_SANDBOX_SYSCALL_FILTER_H_
