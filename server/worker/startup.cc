#include "server/worker/startup.h"

#include <sys/stat.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/hostfs/host_tree.h"
#include "server/worker/connection_group.h"
#include "server/worker/stage_error.h"

namespace gofer::worker {
namespace {

StageResult OpenRoot(const ServeOptions& options,
                     std::shared_ptr<hostfs::HostTree>& tree) {
  // Modes arrive masked by the sandbox.
  ::umask(0);
  auto opened = hostfs::HostTree::Open(options.root.c_str());
  if (!opened.ok()) {
    return StageError("open-root", options.root, opened.error(),
                      ExitCode::kOpenRoot);
  }
  tree = std::move(*opened);
  return std::nullopt;
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

}  // namespace

ExitCode Serve(const ServeOptions& options) {
  ConnectionGroup group(ToSockets(options));
  std::shared_ptr<hostfs::HostTree> tree;
  StageResult failed = group.BlockSignals();
  if (!failed) failed = group.ShareFds(options.max_fds);
  if (!failed) failed = OpenRoot(options, tree);
  if (!failed) failed = CheckMountDonation(options, *tree);
  if (!failed) failed = group.TakeSockets();
  if (!failed) failed = group.Create(tree);
  if (!failed) failed = group.Start();
  if (failed) {
    std::fprintf(stderr, "gofer: %s\n", failed->text.c_str());
    return failed->code;
  }
  group.WaitForEnd();
  return ExitCode::kOk;
}

}  // namespace gofer::worker
