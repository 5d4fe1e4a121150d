#include "server/oci/tree_plan.h"

#include <sys/mount.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace gofer::oci {
namespace {

using sandbox::Propagation;
using sandbox::PropagationKind;

// What an option sets, and what it takes away from earlier options. The table
// leaves out options that say nothing about a bind mount.
struct AttributeOption {
  absl::string_view name;
  uint64_t set;
  uint64_t clear;
};

constexpr std::array<AttributeOption, 13> kAttributeOptions = {{
    {"ro", MOUNT_ATTR_RDONLY, 0},
    {"rro", MOUNT_ATTR_RDONLY, 0},
    {"rw", 0, MOUNT_ATTR_RDONLY},
    {"nosuid", MOUNT_ATTR_NOSUID, 0},
    {"suid", 0, MOUNT_ATTR_NOSUID},
    {"nodev", MOUNT_ATTR_NODEV, 0},
    {"dev", 0, MOUNT_ATTR_NODEV},
    {"noexec", MOUNT_ATTR_NOEXEC, 0},
    {"exec", 0, MOUNT_ATTR_NOEXEC},
    {"noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME},
    {"atime", 0, MOUNT_ATTR_NOATIME},
    {"nodiratime", MOUNT_ATTR_NODIRATIME, 0},
    {"strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME},
}};

std::optional<Propagation> ParsePropagation(absl::string_view option) {
  if (option == "private") return Propagation{PropagationKind::kPrivate, false};
  if (option == "rprivate") return Propagation{PropagationKind::kPrivate, true};
  if (option == "slave") return Propagation{PropagationKind::kSlave, false};
  if (option == "rslave") return Propagation{PropagationKind::kSlave, true};
  // Private instead of unbindable: nobody but us could bind it here, and we do,
  // to give it to the client.
  if (option == "unbindable") {
    return Propagation{PropagationKind::kPrivate, false};
  }
  if (option == "runbindable") {
    return Propagation{PropagationKind::kPrivate, true};
  }
  return std::nullopt;
}

// With a shared mount, mounts that we make would appear on the host.
bool IsShared(absl::string_view propagation) {
  return propagation == "shared" || propagation == "rshared";
}

std::vector<sandbox::IdRange> MakeRanges(
    const std::vector<OciIdMapping>& mappings) {
  std::vector<sandbox::IdRange> ranges;
  for (const OciIdMapping& mapping : mappings) {
    ranges.push_back({.host = mapping.container_id,
                      .visible = mapping.host_id,
                      .count = mapping.size});
  }
  return ranges;
}

sandbox::IdMapPlan MakeIdMap(const OciMount& mount) {
  return {.users = MakeRanges(mount.uid_mappings),
          .groups = MakeRanges(mount.gid_mappings)};
}

}  // namespace

std::variant<sandbox::BindMount, SpecError> MakeBind(const OciMount& mount) {
  sandbox::BindMount bind;
  bind.source = mount.source;
  bind.destination = mount.destination;
  bind.recursive = false;
  if (mount.IsIdMapped()) bind.id_map = MakeIdMap(mount);
  for (const std::string& option : mount.options) {
    if (option == "rbind") bind.recursive = true;
    if (option == "ridmap") bind.map_recursive = true;
    if (IsShared(option)) {
      return SpecError{absl::StrCat("mount ", mount.destination, ": option ",
                                    option,
                                    " is refused: use slave or "
                                    "private")};
    }
    if (const auto propagation = ParsePropagation(option)) {
      bind.propagation = propagation;
    }
    const auto row =
        std::find_if(kAttributeOptions.begin(), kAttributeOptions.end(),
                     [&](const auto& known) { return known.name == option; });
    if (row != kAttributeOptions.end()) {
      bind.attributes = (bind.attributes & ~row->clear) | row->set;
    }
  }
  return bind;
}

std::variant<Propagation, SpecError> RootPropagation(const OciSpec& spec) {
  const std::string& propagation = spec.rootfs_propagation;
  if (propagation.empty()) return sandbox::TreePlan().propagation;
  if (IsShared(propagation)) {
    return SpecError{absl::StrCat("linux.rootfsPropagation: ", propagation,
                                  " is refused: use slave or private")};
  }
  const auto parsed = ParsePropagation(propagation);
  if (parsed) return *parsed;
  return SpecError{
      absl::StrCat("linux.rootfsPropagation: ", propagation, " is not known")};
}

std::variant<sandbox::TreePlan, SpecError> MakeTreePlan(const OciSpec& spec) {
  sandbox::TreePlan tree;
  tree.root = spec.root;
  tree.readonly = spec.root_readonly;
  const auto propagation = RootPropagation(spec);
  if (const auto* error = std::get_if<SpecError>(&propagation)) return *error;
  tree.propagation = std::get<Propagation>(propagation);
  for (const OciMount& mount : spec.mounts) {
    if (!mount.IsBind()) continue;
    auto bind = MakeBind(mount);
    if (auto* error = std::get_if<SpecError>(&bind)) return std::move(*error);
    tree.binds.push_back(std::move(std::get<sandbox::BindMount>(bind)));
  }
  if (!spec.cwd.empty() && spec.cwd != "/") tree.directories = {spec.cwd};
  return tree;
}

}  // namespace gofer::oci
