// ConfineManagedGofer: a managed gofer gives up all but the tree that it is to
// serve.

#ifndef GOFER_SERVER_WORKER_MANAGED_SANDBOX_H_
#define GOFER_SERVER_WORKER_MANAGED_SANDBOX_H_

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "goferd/worker/v1/failure.pb.h"
#include "goferd/worker/v1/server.pb.h"
#include "server/base/unique_fd.h"
#include "server/hostfs/host_tree.h"
#include "server/sandbox/plan.h"
#include "server/worker/bootstrap_tree.h"
#include "server/worker/exit_code.h"

namespace gofer::worker {

// What a confined gofer works with, and how it was confined.
struct ConfinedGofer {
  std::shared_ptr<hostfs::HostTree> tree;
  // Names of sandbox::Step, in order.
  std::vector<std::string> steps;
  // Names of steps that SANDBOX_MODE_FULL could not take.
  std::vector<std::string> missing;
  // Whether later connections can be given copies of their mount points.
  // Without CAP_SYS_ADMIN they cannot.
  bool may_clone_mounts = false;
  // Detached copies of the tree, writable and read-only, made while we could.
  // Both are invalid where that was not possible.
  base::UniqueFd clone;
  base::UniqueFd readonly_clone;
};

// Why the process could not be confined. What was done stays done, so it must
// end.
struct SandboxFailure {
  goferd::worker::v1::Failure failure;
  ExitCode code;
};

// The plan of a managed gofer, without its tree. Nobody knows yet what its
// later connections may do, and a process that is confined can add nothing. So
// the plan lets the gofer connect to UNIX sockets of the host, as other users
// too, and bind them: each connection's options decide. It does not let the
// gofer copy mounts, which takes CAP_SYS_ADMIN.
sandbox::Plan ManagedGoferPlan();

// Confines the process to `tree`, as `mode` says; ManagedGoferPlan is the rest
// of the plan. Changes the working directory and the umask. The process must
// have one thread. The caller closes descriptors that lead elsewhere.
std::variant<ConfinedGofer, SandboxFailure> ConfineManagedGofer(
    const BootstrapTree& tree, goferd::worker::v1::SandboxMode mode);

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_MANAGED_SANDBOX_H_
