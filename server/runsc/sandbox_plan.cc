#include "server/runsc/sandbox_plan.h"

#include <sys/mount.h>

#include <utility>

#include "server/oci/tree_plan.h"
#include "server/sandbox/capabilities.h"

namespace gofer::runsc {
namespace {

std::variant<sandbox::TreePlan, SandboxPlanError> MakeTree(
    const oci::OciSpec& spec, const std::vector<GoferMount>& mounts,
    const GoferFlags& flags) {
  sandbox::TreePlan tree;
  tree.root = spec.root;
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
  // Since 2026 runsc makes the working directory elsewhere.
  if (!spec.cwd.empty() && spec.cwd != "/" &&
      flags.release != Release::kAug2026) {
    tree.directories = {spec.cwd};
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
  } else {
    plan.landlock_roots = {spec.root};
  }
  plan.max_fds = flags.max_fds;
  sandbox::SyscallPlan syscalls;
  syscalls.connect = flags.host.may_connect();
  syscalls.bind = flags.host.may_bind();
  syscalls.credentials =
      flags.host.may_connect() && flags.release == Release::kAug2026;
  plan.syscalls = syscalls;
  if (flags.apply_caps) {
    plan.capabilities = sandbox::ServingCapabilities(syscalls);
  }
  return plan;
}

}  // namespace gofer::runsc
