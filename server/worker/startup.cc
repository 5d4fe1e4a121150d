#include "server/worker/startup.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/hostfs/host_tree.h"
#include "server/sandbox/capabilities.h"
#include "server/sandbox/confine.h"
#include "server/sandbox/plan.h"
#include "server/sandbox/tree_builder.h"
#include "server/worker/connection_group.h"
#include "server/worker/entered_tree.h"
#include "server/worker/inherited_fds.h"
#include "server/worker/stage_error.h"

namespace gofer::worker {
namespace {

StageResult OpenRoot(const ServeOptions& options,
                     std::shared_ptr<hostfs::HostTree>& tree) {
  auto opened = hostfs::HostTree::Open(options.root.c_str());
  if (!opened.ok()) {
    return StageError("open-root", options.root, opened.error(),
                      ExitCode::kOpenRoot);
  }
  tree = std::move(*opened);
  return std::nullopt;
}

sandbox::Plan MakeSandboxPlan(const ServeOptions& options) {
  sandbox::SyscallPlan syscalls;
  syscalls.connect = options.host.may_connect();
  syscalls.bind = options.host.may_bind();
  syscalls.credentials =
      options.host.may_connect() &&
      options.connection.level == lisafs::ProtocolLevel::kAug2026;
  sandbox::Plan plan;
  plan.tree = sandbox::TreePlan{.root = options.root};
  plan.new_namespaces = true;
  plan.syscalls = syscalls;
  plan.capabilities = sandbox::ServingCapabilities(syscalls);
  return plan;
}

StageResult CheckMountDonation(const ServeOptions& options,
                               const hostfs::HostTree& tree) {
  if (options.connection.donation != lisafs::Donation::kFilesAndMountPoint) {
    return std::nullopt;
  }
  const auto checked = tree.CheckMountClone();
  if (checked.ok()) return std::nullopt;
  // Without a copy of its own, a client would reach everything above.
  return StageError("donate-mount",
                    "--donate-mount needs CAP_SYS_ADMIN, Linux 5.12 and a root "
                    "in our own mount namespace",
                    checked.error(), ExitCode::kDonateMount);
}

std::vector<ServedSocket> ToSockets(const ServeOptions& options) {
  std::vector<ServedSocket> sockets;
  for (const IoFd& io_fd : options.io_fds) {
    sockets.push_back({.fd = io_fd.fd,
                       .name = absl::StrCat("--io-fds=", io_fd.fd),
                       .mount_path = io_fd.mount_path,
                       .connection = options.connection,
                       .host = options.host});
  }
  return sockets;
}

// Gives up what is left, now that all is made that the clients will need.
StageResult Confine(const ServeOptions& options, sandbox::Plan& plan,
                    const sandbox::MountedTree& mounted) {
  if (options.connection.donation == lisafs::Donation::kFilesAndMountPoint) {
    // In the detached copy that a client is given, Landlock finds no way up. A
    // mount point that is missing yet is not copied later either.
    for (const IoFd& io_fd : options.io_fds) {
      if (::access(io_fd.mount_path.c_str(), F_OK) == 0) {
        plan.landlock_roots.push_back(io_fd.mount_path);
      }
    }
  }
  const auto failed = sandbox::Confine(plan, &mounted);
  if (failed) return StageError(*failed);
  return std::nullopt;
}

StageResult Start(const ServeOptions& options, ConnectionGroup& group) {
  StageResult failed = group.BlockSignals();
  if (!failed) failed = group.ShareFds(options.max_fds);
  // The sandbox has masked the modes that it asks for.
  ::umask(0);
  std::shared_ptr<hostfs::HostTree> tree;
  sandbox::Plan plan;
  sandbox::MountedTree mounted;
  if (!failed && options.sandboxed) {
    plan = MakeSandboxPlan(options);
    failed = EnterTree(*plan.tree, mounted, tree);
  } else if (!failed) {
    failed = OpenRoot(options, tree);
  }
  if (!failed) failed = CheckMountDonation(options, *tree);
  if (!failed) failed = group.TakeSockets();
  if (!failed) failed = group.Create(tree, options.sandboxed);
  if (!failed && options.sandboxed) failed = Confine(options, plan, mounted);
  if (!failed) failed = group.Start();
  return failed;
}

}  // namespace

ExitCode Serve(const ServeOptions& options) {
  std::vector<int> sockets;
  for (const IoFd& io_fd : options.io_fds) sockets.push_back(io_fd.fd);
  CloseOtherFds(std::move(sockets));
  ConnectionGroup group(ToSockets(options));
  if (const StageResult failed = Start(options, group)) {
    std::fprintf(stderr, "gofer: %s\n", failed->text.c_str());
    return failed->code;
  }
  group.WaitForEnd();
  return ExitCode::kOk;
}

}  // namespace gofer::worker
