// ConfineAgent: an agent gives up all but the tree that it is to serve.

#ifndef GOFER_SERVER_WORKER_AGENT_SANDBOX_H_
#define GOFER_SERVER_WORKER_AGENT_SANDBOX_H_

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
#include "server/worker/agent_tree.h"
#include "server/worker/exit_code.h"

namespace gofer::worker {

// An agent that is confined, and how.
struct ConfinedAgent {
  std::shared_ptr<hostfs::HostTree> tree;
  // Names of sandbox::Step, in order.
  std::vector<std::string> steps;
  // Those that kFull could not take.
  std::vector<std::string> missing;
  // Whether later connections can be given copies of their mount points: not
  // after capabilities are given up.
  bool may_clone_mounts = false;
  // Detached copies of the tree, writable and not, made while we could; both
  // invalid where that was not possible.
  base::UniqueFd clone;
  base::UniqueFd readonly_clone;
};

// Why it is not. What was done stays done: the process must end.
struct SandboxFailure {
  goferd::worker::v1::Failure failure;
  ExitCode code;
};

// What an agent of later connections confines itself to, its tree aside.
// Nobody knows yet what these connections may do, and nothing can be added
// later: connecting to UNIX sockets of the host, as other users too, and
// binding them is let through, and each connection's options decide. Copying
// mounts is not, since it takes CAP_SYS_ADMIN.
sandbox::Plan AgentPlan();

// Confines the process to `tree`, as `mode` says; AgentPlan is the rest of the
// plan. Changes the working directory and the umask. One thread; descriptors
// that lead elsewhere are the caller's to close.
std::variant<ConfinedAgent, SandboxFailure> ConfineAgent(
    const AgentTree& tree, goferd::worker::v1::SandboxMode mode);

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_AGENT_SANDBOX_H_
