#include "server/worker/container_tree.h"

#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "server/lisafs/options.h"
#include "server/worker/entered_tree.h"
#include "server/worker/hook_runner.h"

namespace gofer::worker {
namespace {

// Missing in <linux/magic.h> of Debian 12.
constexpr auto kFuseSuperMagic = decltype(statfs::f_type){0x65735546};

// How the sandbox has to treat what is below a mount. The first names a mount
// where what has been read may become stale; the second, one whose file system
// writes a file out when it is closed, so that the sandbox must not keep it
// open for the next user. Source: gVisor runsc/cmd/sandboxsetup/fs.go, Aug
// 2026.
constexpr char kStaleReadOption[] = "overlayfs_stale_read";
constexpr char kNoSharingOption[] = "disable_file_handle_sharing";

// `destination` has no symlinks and is in the tree, our root. Null: nothing has
// to be said.
const char* OptionFor(const std::string& destination) {
  struct statfs stat;
  if (::statfs(destination.c_str(), &stat) != 0) return nullptr;
  switch (stat.f_type) {
    case OVERLAYFS_SUPER_MAGIC:
      return kStaleReadOption;
    case NFS_SUPER_MAGIC:
    case kFuseSuperMagic:
      return kNoSharingOption;
    default:
      return nullptr;
  }
}

}  // namespace

StageResult ContainerTree::Make(sandbox::TreePlan plan,
                                sandbox::MountedTree& mounted,
                                std::shared_ptr<hostfs::HostTree>& tree) {
  if (opener_.valid()) ChooseDelegated(plan);
  auto failed = EnterTree(plan, mounted, tree, this);
  opener_.Close();
  if (failed) {
    if (failed->code == ExitCodeOf(sandbox::Step::kIdMap) &&
        absl::EndsWith(failed->text, std::strerror(EPERM))) {
      reason_ =
          "in its user namespace the gofer cannot map ids, and this runsc does "
          "not";
    }
    if (!reason_.empty()) {
      absl::StrAppend(&failed->text, ": ", absl::Utf8SafeCHexEscape(reason_));
    }
    return failed;
  }
  UpdateMounts(mounted.destinations);
  return std::nullopt;
}

std::vector<const runsc::GoferMount*> ContainerTree::ServedBinds() const {
  std::vector<const runsc::GoferMount*> binds;
  for (const runsc::GoferMount& gofer_mount : container_.mounts) {
    if (gofer_mount.mount && gofer_mount.served) binds.push_back(&gofer_mount);
  }
  return binds;
}

void ContainerTree::ChooseDelegated(sandbox::TreePlan& plan) const {
  for (size_t i = 0; i < ServedBinds().size(); ++i) {
    sandbox::BindMount& bind = plan.binds[i];
    // With directfs we are in a user namespace, from which mounts of the host
    // cannot be mapped.
    bind.delegated =
        bind.id_map.has_value() || ::access(bind.source.c_str(), R_OK) != 0;
  }
}

base::ErrnoOr<base::UniqueFd> ContainerTree::OpenSource(size_t bind) {
  const runsc::GoferMount& gofer_mount = *ServedBinds()[bind];
  auto opened = opener_.Open(MountOf(gofer_mount),
                             gofer_mount.access == lisafs::Access::kReadOnly);
  if (!opened.ok()) {
    reason_ = opener_.last_error().empty()
                  ? "runsc did not open it"
                  : absl::StrCat("runsc says: ", opener_.last_error());
  }
  return opened;
}

base::ErrnoOr<void> ContainerTree::HandleTreeReady() {
  const auto failed =
      RunHooks(container_.spec, container_.id, container_.bundle);
  if (!failed) return {};
  reason_ = *failed;
  return base::Errno(ECANCELED);
}

void ContainerTree::UpdateMounts(const std::vector<std::string>& destinations) {
  size_t next = 0;
  for (const runsc::GoferMount* gofer_mount : ServedBinds()) {
    oci::OciMount& mount = MountOf(*gofer_mount);
    mount.destination = destinations[next++];
    if (const char* option = OptionFor(mount.destination)) {
      mount.options.emplace_back(option);
    }
  }
}

}  // namespace gofer::worker
