#include "server/worker/managed_sandbox.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/log.h"
#include "server/base/syscall.h"
#include "server/hostfs/mount_clone.h"
#include "server/sandbox/capabilities.h"
#include "server/sandbox/confine.h"
#include "server/sandbox/landlock.h"
#include "server/sandbox/tree_builder.h"
#include "server/worker/failure.h"
#include "server/worker/sandbox_steps.h"

namespace gofer::worker {
namespace {

namespace v1 = ::goferd::worker::v1;
using sandbox::Step;

constexpr mode_t kMountPointMask = 0022;

SandboxFailure Failed(const sandbox::StepError& error) {
  return {HostFailure(sandbox::Name(error.step), error.what, error.error),
          ExitCodeOf(error.step)};
}

// Says which privilege or kernel feature a bundle or a map of ids lacks.
SandboxFailure FailedToMount(const sandbox::StepError& error,
                             const BootstrapTree& tree) {
  const bool is_map = error.step == Step::kIdMap;
  if (!tree.needs_mounts()) return Failed(error);
  if (error.error == base::Errno(EPERM)) {
    const absl::string_view why =
        is_map ? ": mapping ids needs CAP_SYS_ADMIN in the user namespace that "
                 "the file system belongs to, and a mount without such a map"
               : ": a bundle or a map of ids needs a mount namespace of its "
                 "own, and that CAP_SYS_ADMIN";
    const bool is_ours = is_map || error.step == Step::kMountNamespace ||
                         error.step == Step::kBindRoot;
    return Failed({error.step, absl::StrCat(error.what, is_ours ? why : ""),
                   error.error});
  }
  const bool is_missing = error.error == base::Errno(ENOSYS) ||
                          (is_map && (error.error == base::Errno(EINVAL) ||
                                      error.error == base::Errno(ENOSPC)));
  if (!is_missing) return Failed(error);
  v1::Failure failure = MakeFailure(
      v1::Failure::KERNEL_FEATURE_MISSING,
      absl::StrCat(error.what, ": ", std::strerror(error.error.number()),
                   is_map ? ": the kernel, or a file system that is mounted "
                            "there or below, cannot map ids"
                          : ": mounts by descriptor came with Linux 5.12"));
  failure.set_step(
      std::string(is_map ? "idmapped-mounts" : sandbox::Name(error.step)));
  return {std::move(failure), ExitCodeOf(error.step)};
}

SandboxFailure FailedToOpen(base::Errno error) {
  return {HostFailure("open-root", "the root", error), ExitCode::kOpenRoot};
}

std::string PathOf(int fd) { return absl::StrCat("/proc/self/fd/", fd); }

class ManagedSandbox {
 public:
  ManagedSandbox(const BootstrapTree& wanted, v1::SandboxMode mode)
      : wanted_(wanted), mode_(mode), plan_(ManagedGoferPlan()) {}

  std::variant<ConfinedGofer, SandboxFailure> Run() {
    // For mount points that are made, as runsc's gofer makes them.
    ::umask(kMountPointMask);
    constexpr std::optional<SandboxFailure> (ManagedSandbox::*kStages[])() = {
        &ManagedSandbox::EnterTree, &ManagedSandbox::OpenTree,
        &ManagedSandbox::CloneTree, &ManagedSandbox::Confine};
    for (const auto stage : kStages) {
      if (auto failed = (this->*stage)()) return *std::move(failed);
    }
    return std::move(gofer_);
  }

 private:
  using Outcome = std::optional<SandboxFailure>;

  int root() const { return wanted_.sources.root; }
  bool is_confined() const { return mode_ != v1::SANDBOX_MODE_UNCONFINED; }

  // Without the privilege, the tree is served where it is on the host.
  Outcome EnterTree() {
    if (!is_confined()) return std::nullopt;
    if (!wanted_.is_bundle && ::fchdir(root()) != 0) {
      return FailedToOpen(base::Errno::Last());
    }
    auto made = sandbox::MountTree(
        wanted_.plan, wanted_.is_bundle ? &wanted_.sources : nullptr);
    if (const auto* error = std::get_if<sandbox::StepError>(&made)) {
      const bool may_not = error->step == Step::kMountNamespace &&
                           error->error == base::Errno(EPERM);
      if (!may_not || wanted_.needs_mounts() ||
          mode_ == v1::SANDBOX_MODE_STRICT) {
        return FailedToMount(*error, wanted_);
      }
      for (const Step step : {Step::kMountNamespace, Step::kPivotRoot}) {
        gofer_.missing.emplace_back(sandbox::Name(step));
      }
      return std::nullopt;
    }
    mounted_ = std::move(*std::get_if<sandbox::MountedTree>(&made));
    plan_.tree = wanted_.plan;
    return std::nullopt;
  }

  Outcome OpenTree() {
    // The sandbox has masked the modes that it asks for.
    ::umask(0);
    if (!mounted_) {
      auto opened = hostfs::HostTree::Open(PathOf(root()).c_str());
      if (!opened.ok()) return FailedToOpen(opened.error());
      gofer_.tree = *std::move(opened);
      return std::nullopt;
    }
    auto root = base::SyscallFd(
        [&] { return ::fcntl(mounted_->root.get(), F_DUPFD_CLOEXEC, 0); });
    if (!root.ok()) return FailedToOpen(root.error());
    gofer_.tree =
        std::make_shared<hostfs::HostTree>(hostfs::HostTree::Descriptors{
            .root = *std::move(root),
            .proc_self_fd = std::move(mounted_->proc_self_fd),
            .mount_info = std::move(mounted_->mount_info)});
    return std::nullopt;
  }

  // That there are no copies is no failure: few clients want them.
  Outcome CloneTree() {
    if (!is_confined()) {
      gofer_.may_clone_mounts = gofer_.tree->CheckMountClone().ok();
      return std::nullopt;
    }
    // A copy of the host's own tree would lack the host's later mounts.
    if (!mounted_) return std::nullopt;
    const int root = mounted_->root.get();
    auto clone = hostfs::CloneMount(root, lisafs::Access::kReadWrite);
    auto readonly = hostfs::CloneMount(root, lisafs::Access::kReadOnly);
    if (clone.ok() && readonly.ok()) {
      gofer_.clone = *std::move(clone);
      gofer_.readonly_clone = *std::move(readonly);
    }
    return std::nullopt;
  }

  Outcome Confine() {
    if (!is_confined()) return std::nullopt;
    const bool has_landlock =
        sandbox::LandlockAbi() >= sandbox::kFirstLandlockAbi;
    if (!has_landlock && mode_ == v1::SANDBOX_MODE_STRICT) {
      v1::Failure failure = MakeFailure(v1::Failure::KERNEL_FEATURE_MISSING,
                                        "the kernel has no Landlock");
      failure.set_step("landlock");
      return SandboxFailure{std::move(failure), ExitCodeOf(Step::kLandlock)};
    }
    if (const auto failed = sandbox::EnterNamespaces()) {
      if (mode_ == v1::SANDBOX_MODE_STRICT) return Failed(*failed);
      gofer_.missing.emplace_back(sandbox::Name(Step::kNamespaces));
      plan_.new_namespaces = false;
    }
    if (!mounted_) plan_.landlock_roots = {PathOf(root())};
    // The filter would not let us ask the kernel what it has.
    gofer_.steps = StepNames(plan_);
    if (!has_landlock) {
      gofer_.missing.emplace_back(sandbox::Name(Step::kLandlock));
    }
    plan_.new_namespaces = false;  // They have been entered.
    const auto error = sandbox::Confine(plan_, mounted_ ? &*mounted_ : nullptr);
    if (error) return Failed(*error);
    return std::nullopt;
  }

  const BootstrapTree& wanted_;
  const v1::SandboxMode mode_;
  sandbox::Plan plan_;
  std::optional<sandbox::MountedTree> mounted_;
  ConfinedGofer gofer_;
};

}  // namespace

sandbox::Plan ManagedGoferPlan() {
  sandbox::SyscallPlan syscalls;
  syscalls.connect = true;
  syscalls.bind = true;
  // A client that could not become another user would connect as us.
  syscalls.credentials = true;
  syscalls.control = true;
  sandbox::Plan plan;
  plan.new_namespaces = true;
  plan.syscalls = syscalls;
  plan.capabilities = sandbox::ServingCapabilities(syscalls);
  return plan;
}

std::variant<ConfinedGofer, SandboxFailure> ConfineManagedGofer(
    const BootstrapTree& tree, v1::SandboxMode mode) {
  return ManagedSandbox(tree, mode).Run();
}

}  // namespace gofer::worker
