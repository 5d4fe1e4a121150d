#include "server/runsc/mount_json.h"

#include <nlohmann/json.hpp>
#include <vector>

namespace gofer::runsc {
namespace {

using Json = nlohmann::ordered_json;

Json ToJson(const std::vector<oci::OciIdMapping>& mappings) {
  Json array = Json::array();
  for (const oci::OciIdMapping& mapping : mappings) {
    array.push_back({{"containerID", mapping.container_id},
                     {"hostID", mapping.host_id},
                     {"size", mapping.size}});
  }
  return array;
}

}  // namespace

Json ToJson(const oci::OciMount& mount) {
  Json object = {{"destination", mount.destination}};
  if (!mount.type.empty()) object["type"] = mount.type;
  if (!mount.source.empty()) object["source"] = mount.source;
  if (!mount.options.empty()) object["options"] = mount.options;
  if (!mount.uid_mappings.empty()) {
    object["uidMappings"] = ToJson(mount.uid_mappings);
  }
  if (!mount.gid_mappings.empty()) {
    object["gidMappings"] = ToJson(mount.gid_mappings);
  }
  return object;
}

}  // namespace gofer::runsc
