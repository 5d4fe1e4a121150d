#include "server/worker/sandbox_steps.h"

#include <utility>

#include "server/sandbox/landlock.h"
#include "server/sandbox/step.h"

namespace gofer::worker {

using sandbox::Step;

std::vector<std::string> StepNames(const sandbox::Plan& plan) {
  const sandbox::TreePlan tree = plan.tree.value_or(sandbox::TreePlan());
  const bool has_tree = plan.tree.has_value();
  const std::pair<Step, bool> steps[] = {
      {Step::kMountNamespace, has_tree && tree.new_namespace},
      {Step::kPropagation, has_tree},
      {Step::kProcSelfFd, has_tree},
      {Step::kBindRoot, has_tree},
      {Step::kIdMap, tree.id_map.has_value()},
      {Step::kStage, has_tree},
      {Step::kHideProc, has_tree},
      {Step::kBindMount, !tree.binds.empty()},
      {Step::kMakeDirectory, !tree.directories.empty()},
      {Step::kTreeReady, tree.announce_ready},
      {Step::kReadonlyRoot, tree.readonly},
      {Step::kPivotRoot, has_tree},
      {Step::kNamespaces, plan.new_namespaces},
      {Step::kFdLimit, plan.max_fds.has_value()},
      {Step::kNoNewPrivileges, plan.no_new_privileges},
      {Step::kCapabilities, plan.capabilities.has_value()},
      {Step::kLandlock,
       plan.landlock && sandbox::LandlockAbi() >= sandbox::kFirstLandlockAbi},
      {Step::kSyscallFilter, plan.syscalls.has_value()},
  };
  std::vector<std::string> names;
  for (const auto& [step, taken] : steps) {
    if (taken) names.emplace_back(sandbox::Name(step));
  }
  return names;
}

}  // namespace gofer::worker
