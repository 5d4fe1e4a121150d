#include "server/sandbox/confine.h"

#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/base/log.h"
#include "server/base/syscall.h"
#include "server/sandbox/capabilities.h"
#include "server/sandbox/landlock.h"
#include "server/sandbox/syscall_filter.h"

namespace gofer::sandbox {
namespace {

using Outcome = std::optional<StepError>;

Outcome Check(Step step, const base::ErrnoOr<void>& result) {
  if (result.ok()) return std::nullopt;
  return StepError{step, "", result.error()};
}

Outcome LimitFds(uint64_t max_fds) {
  const rlimit limit = {.rlim_cur = max_fds, .rlim_max = max_fds};
  const auto set =
      base::SyscallVoid([&] { return ::setrlimit(RLIMIT_NOFILE, &limit); });
  if (set.ok()) return std::nullopt;
  return StepError{Step::kFdLimit, absl::StrCat(max_fds), set.error()};
}

// Allows `roots`, and the tree's root and the roots of its mounts: in a
// detached copy of a mount, Landlock finds nothing but the copy's own root.
Outcome RestrictFiles(std::vector<std::string> roots, const MountedTree* tree) {
  if (const int abi = LandlockAbi(); abi < kFirstLandlockAbi) {
    base::Log().info("no Landlock: the kernel has version {} of {}", abi,
                     kFirstLandlockAbi);
    return std::nullopt;
  }
  auto rules = LandlockRules::Create();
  if (!rules.ok()) return StepError{Step::kLandlock, "", rules.error()};
  if (tree != nullptr) {
    roots.insert(roots.end(), tree->destinations.begin(),
                 tree->destinations.end());
  }
  for (const std::string& root : roots) {
    const auto allowed = rules->Allow(root.c_str());
    if (!allowed.ok()) return StepError{Step::kLandlock, root, allowed.error()};
  }
  return Check(Step::kLandlock, rules->Enforce());
}

}  // namespace

std::optional<StepError> EnterNamespaces() {
  // Where the kernel or a limit of the host refuses them, nothing is lost that
  // a filtered process could use.
  (void)::unshare(CLONE_NEWIPC);
  (void)::unshare(CLONE_NEWUTS);
  return Check(Step::kNamespaces,
               base::SyscallVoid([] { return ::unshare(CLONE_NEWNET); }));
}

std::optional<StepError> Confine(const Plan& plan, const MountedTree* tree) {
  // Reads the time zone, as MountTree does: later the tree's file would be
  // read, which is hostile.
  if (tree == nullptr) ::tzset();
  if (plan.new_namespaces) {
    if (auto error = EnterNamespaces()) return error;
  }
  if (plan.max_fds) {
    if (auto error = LimitFds(*plan.max_fds)) return error;
  }
  if (plan.no_new_privileges) {
    const auto set = base::SyscallVoid(
        [] { return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); });
    if (auto error = Check(Step::kNoNewPrivileges, set)) return error;
  }
  if (plan.capabilities) {
    const auto kept = KeepCapabilities(plan.capabilities->keep);
    if (auto error = Check(Step::kCapabilities, kept)) return error;
  }
  if (plan.landlock) {
    if (auto error = RestrictFiles(plan.landlock_roots, tree)) return error;
  }
  if (plan.syscalls) {
    return Check(Step::kSyscallFilter, InstallSyscallFilter(*plan.syscalls));
  }
  return std::nullopt;
}

}  // namespace gofer::sandbox
