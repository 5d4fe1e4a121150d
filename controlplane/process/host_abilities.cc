#include "controlplane/process/host_abilities.h"

#include <algorithm>

#include "server/sandbox/detached_mount.h"
#include "server/sandbox/id_map_namespace.h"

namespace goferd::process {
namespace {

using gofer::sandbox::DetachedMount;
using gofer::sandbox::PropagationKind;

bool CanCopyMounts() {
  const auto copy = DetachedMount::Clone("/", false);
  return copy.ok() &&
         copy->SetPropagation({PropagationKind::kSlave, true}).ok();
}

bool CanMapIds(const google::protobuf::RepeatedPtrField<std::string>& allowed) {
  const auto map = gofer::sandbox::MakeIdMapNamespace(
      {.users = {{0, 0, 1}}, .groups = {{0, 0, 1}}});
  if (!map.ok()) return false;
  return std::any_of(
      allowed.begin(), allowed.end(), [&map](const std::string& root) {
        const auto copy = DetachedMount::Clone(root.c_str(), false);
        return copy.ok() && copy->MapIds(map->get(), true).ok();
      });
}

}  // namespace

std::vector<std::string> HostAbilities(
    const google::protobuf::RepeatedPtrField<std::string>& allowed) {
  std::vector<std::string> abilities;
  if (!CanCopyMounts()) return abilities;
  if (CanMapIds(allowed)) abilities.emplace_back("id-map");
  abilities.emplace_back("oci-bundle");
  return abilities;
}

}  // namespace goferd::process
