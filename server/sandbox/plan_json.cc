#include "server/sandbox/plan_json.h"

#include <sys/mount.h>

#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/sandbox/capabilities.h"
#include "server/sandbox/syscall_policy.h"

namespace gofer::sandbox {
namespace {

// Keeps the order in which keys were added.
using Json = nlohmann::ordered_json;

struct AttributeName {
  uint64_t mask;
  uint64_t value;
  const char* name;
};

constexpr std::array<AttributeName, 8> kAttributeNames = {{
    {MOUNT_ATTR_RDONLY, MOUNT_ATTR_RDONLY, "rdonly"},
    {MOUNT_ATTR_NOSUID, MOUNT_ATTR_NOSUID, "nosuid"},
    {MOUNT_ATTR_NODEV, MOUNT_ATTR_NODEV, "nodev"},
    {MOUNT_ATTR_NOEXEC, MOUNT_ATTR_NOEXEC, "noexec"},
    {MOUNT_ATTR__ATIME, MOUNT_ATTR_NOATIME, "noatime"},
    {MOUNT_ATTR__ATIME, MOUNT_ATTR_STRICTATIME, "strictatime"},
    {MOUNT_ATTR_NODIRATIME, MOUNT_ATTR_NODIRATIME, "nodiratime"},
    {MOUNT_ATTR_NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW, "nosymfollow"},
}};

Json AttributeNames(uint64_t attributes) {
  Json names = Json::array();
  uint64_t unknown = attributes;
  for (const AttributeName& known : kAttributeNames) {
    if ((attributes & known.mask) != known.value) continue;
    names.push_back(known.name);
    unknown &= ~known.mask;
  }
  if (unknown != 0) {
    names.push_back(absl::StrCat("0x", absl::Hex(unknown)));
  }
  return names;
}

const char* KindName(PropagationKind kind) {
  switch (kind) {
    case PropagationKind::kPrivate:
      return "private";
    case PropagationKind::kSlave:
      return "slave";
    case PropagationKind::kUnbindable:
      return "unbindable";
  }
  return "unknown";
}

Json PropagationName(const Propagation& propagation) {
  return absl::StrCat(propagation.recursive ? "r" : "",
                      KindName(propagation.kind));
}

Json ToArray(const std::vector<IdRange>& ranges) {
  Json array = Json::array();
  for (const IdRange& range : ranges) {
    array.push_back({{"host", range.host},
                     {"visible", range.visible},
                     {"count", range.count}});
  }
  return array;
}

Json ToObject(const IdMapPlan& map) {
  return {{"users", ToArray(map.users)}, {"groups", ToArray(map.groups)}};
}

Json ToObject(const BindMount& bind) {
  Json object = {
      {"source", bind.source},
      {"destination", bind.destination},
      {"recursive", bind.recursive},
      {"attributes", AttributeNames(bind.attributes)},
      {"propagation",
       bind.propagation ? PropagationName(*bind.propagation) : Json()},
  };
  if (bind.id_map) {
    object["id_map"] = ToObject(*bind.id_map);
    object["map_recursive"] = bind.map_recursive;
  }
  if (bind.delegated) object["delegated"] = true;
  return object;
}

Json ToObject(const TreePlan& tree) {
  Json binds = Json::array();
  for (const BindMount& bind : tree.binds) binds.push_back(ToObject(bind));
  Json object = {
      {"new_namespace", tree.new_namespace},
      {"root", tree.root},
      {"stage", tree.stage},
      {"readonly", tree.readonly},
      {"propagation", PropagationName(tree.propagation)},
      {"binds", std::move(binds)},
      {"directories", tree.directories},
  };
  if (tree.id_map) object["id_map"] = ToObject(*tree.id_map);
  return object;
}

Json ToArray(const CapabilityPlan& capabilities) {
  Json names = Json::array();
  for (const int capability : capabilities.keep) {
    names.push_back(CapabilityName(capability));
  }
  return names;
}

Json ToArray(const SyscallPlan& plan) {
  Json rows = Json::array();
  for (const SyscallRow& row : SyscallRows()) {
    if (!Allows(plan, row.group)) continue;
    rows.push_back(
        {{"name", row.name}, {"when", row.when}, {"reason", row.reason}});
  }
  return rows;
}

Json LandlockOf(const Plan& plan) {
  if (!plan.landlock) return nullptr;
  return {{"roots", plan.landlock_roots}};
}

}  // namespace

std::string ToJson(const Plan& plan) {
  const Json object = {
      {"tree", plan.tree ? ToObject(*plan.tree) : Json()},
      {"new_namespaces", plan.new_namespaces},
      {"max_fds", plan.max_fds ? Json(*plan.max_fds) : Json()},
      {"no_new_privileges", plan.no_new_privileges},
      {"capabilities",
       plan.capabilities ? ToArray(*plan.capabilities) : Json()},
      {"landlock", LandlockOf(plan)},
      {"syscalls", plan.syscalls ? ToArray(*plan.syscalls) : Json()},
  };
  return object.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace gofer::sandbox
