// KeepCapabilities: drops the privileges that this thread does not need.

#ifndef GOFER_SERVER_SANDBOX_CAPABILITIES_H_
#define GOFER_SERVER_SANDBOX_CAPABILITIES_H_

#include <string>
#include <vector>

#include "server/base/errno.h"
#include "server/sandbox/plan.h"

namespace gofer::sandbox {

// "CAP_CHOWN", or the number where nobody knows a name.
std::string CapabilityName(int capability);

// Leaves `keep` in the bounding, permitted and effective sets of the calling
// thread, and nothing in the inheritable and ambient ones. A capability that is
// not permitted now is left out with a warning. Without CAP_SETPCAP the
// bounding set stays, which matters to no process that executes nothing.
// Errors: those of capset(2).
base::ErrnoOr<void> KeepCapabilities(const std::vector<int>& keep);

// The capabilities that serving files takes: to make files of other users, with
// their modes, and to become another user where a thread connects as that user.
// They are the reference's without CAP_SYS_CHROOT. Source: gVisor
// runsc/cmd/gofer.go, Dec 2022.
CapabilityPlan ServingCapabilities(const SyscallPlan& syscalls);

}  // namespace gofer::sandbox

#endif  // GOFER_SERVER_SANDBOX_CAPABILITIES_H_
