#include "server/runsc/sandbox_plan.h"

#include <sys/mount.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "server/oci/tree_plan.h"
#include "server/sandbox/capabilities.h"

namespace gofer::runsc {
namespace {

// Whether `path` is `prefix` and a number.
bool IsNumbered(absl::string_view path, absl::string_view prefix) {
  return absl::ConsumePrefix(&path, prefix) && !path.empty() &&
         std::all_of(path.begin(), path.end(), absl::ascii_isdigit);
}

// Accelerators, which the sandbox opens over --dev-io-fd: GPUs, TPUs, VFIO and,
// where runsc was told so, RDMA. Source: gVisor
// runsc/cmd/sandboxsetup/gofer_mount.go, Aug 2026.
bool IsAccelerator(absl::string_view path, const GoferFlags& flags) {
  if (path == "/dev/nvidiactl" || path == "/dev/nvidia-uvm" ||
      path == "/dev/vfio/vfio") {
    return true;
  }
  return IsNumbered(path, "/dev/nvidia") || IsNumbered(path, "/dev/accel") ||
         IsNumbered(path, "/dev/vfio/") ||
         (flags.rdmaproxy && IsNumbered(path, "/dev/infiniband/uverbs"));
}

void AddDevices(const oci::OciSpec& spec, const GoferFlags& flags,
                sandbox::TreePlan& tree) {
  if (flags.dev_io_fd < 0) return;
  tree.directories.emplace_back("/dev");
  for (const std::string& path : spec.device_paths) {
    if (!IsAccelerator(path, flags)) continue;
    tree.binds.push_back(
        {.source = path, .destination = path, .recursive = false});
  }
}

std::variant<sandbox::TreePlan, SandboxPlanError> MakeTree(
    const oci::OciSpec& spec, const std::vector<GoferMount>& mounts,
    const GoferFlags& flags) {
  sandbox::TreePlan tree;
  // Where an EROFS image is the root, the spec's folder may be missing or
  // read-only, and the sandbox does not look for the binds there.
  if (mounts.front().served) tree.root = spec.root;
  const auto propagation = oci::RootPropagation(spec);
  if (const auto* error = std::get_if<oci::SpecError>(&propagation)) {
    return SandboxPlanError{error->text};
  }
  tree.propagation = std::get<sandbox::Propagation>(propagation);
  for (const GoferMount& mount : mounts) {
    const bool readonly = mount.access == lisafs::Access::kReadOnly;
    if (!mount.mount) {
      tree.readonly = readonly;
      continue;
    }
    // The root's client must not reach a mount that is not served, either.
    if (!mount.served) continue;
    auto bind = oci::MakeBind(spec.mounts[*mount.mount]);
    if (const auto* error = std::get_if<oci::SpecError>(&bind)) {
      return SandboxPlanError{error->text};
    }
    tree.binds.push_back(std::move(std::get<sandbox::BindMount>(bind)));
    if (readonly) tree.binds.back().attributes |= MOUNT_ATTR_RDONLY;
  }
  // Since July 2025 the sandbox makes it, where it may.
  if (!spec.cwd.empty() && spec.cwd != "/" && flags.traits.makes_cwd) {
    tree.directories = {spec.cwd};
  }
  AddDevices(spec, flags, tree);
  // Hooks expect the tree where the spec says that it is. Without a root that
  // we serve there is no such place, and gVisor runs none.
  if (!spec.create_container_hooks.empty() && mounts.front().served &&
      flags.traits.create_container_hooks) {
    tree.stage = spec.root;
    tree.announce_ready = true;
  }
  return tree;
}

}  // namespace

std::variant<sandbox::Plan, SandboxPlanError> MakeSandboxPlan(
    const oci::OciSpec& spec, const std::vector<GoferMount>& mounts,
    const GoferFlags& flags) {
  sandbox::Plan plan;
  if (flags.setup_root && !flags.unsafe_nonroot) {
    auto tree = MakeTree(spec, mounts, flags);
    if (auto* error = std::get_if<SandboxPlanError>(&tree)) {
      return std::move(*error);
    }
    plan.tree = std::move(std::get<sandbox::TreePlan>(tree));
    // The client of /dev is given a detached copy of it, in which Landlock
    // finds no way up to "/".
    if (flags.dev_io_fd >= 0) plan.landlock_roots.emplace_back("/dev");
  } else {
    plan.landlock_roots = {spec.root};
  }
  plan.max_fds = flags.max_fds;
  sandbox::SyscallPlan syscalls;
  syscalls.connect = flags.host.may_connect();
  syscalls.bind = flags.host.may_bind();
  syscalls.credentials =
      flags.host.may_connect() && flags.mount_words == MountWords::kMountConfs;
  syscalls.sandbox_exit = flags.sync_sentry_exit_fd >= 0;
  plan.syscalls = syscalls;
  if (flags.apply_caps) {
    plan.capabilities = sandbox::ServingCapabilities(syscalls);
  }
  return plan;
}

}  // namespace gofer::runsc
