#include "server/worker/entered_tree.h"

#include <fcntl.h>

#include <utility>
#include <variant>

#include "server/base/syscall.h"

namespace gofer::worker {

StageResult EnterTree(const sandbox::TreePlan& plan,
                      sandbox::MountedTree& mounted,
                      std::shared_ptr<hostfs::HostTree>& tree,
                      sandbox::TreeDelegate* delegate) {
  auto made = sandbox::MountTree(plan, nullptr, delegate);
  if (const auto* error = std::get_if<sandbox::StepError>(&made)) {
    return StageError(*error);
  }
  mounted = std::move(std::get<sandbox::MountedTree>(made));
  auto root = base::SyscallFd(
      [&] { return ::fcntl(mounted.root.get(), F_DUPFD_CLOEXEC, 0); });
  if (!root.ok()) {
    return StageError("open-root", "/", root.error(), ExitCode::kOpenRoot);
  }
  tree = std::make_shared<hostfs::HostTree>(hostfs::HostTree::Descriptors{
      .root = std::move(*root),
      .proc_self_fd = std::move(mounted.proc_self_fd),
      .mount_info = std::move(mounted.mount_info)});
  return std::nullopt;
}

}  // namespace gofer::worker
