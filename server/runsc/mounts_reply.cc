#include "server/runsc/mounts_reply.h"

#include <nlohmann/json.hpp>

namespace gofer::runsc {

std::string MountsReply(const std::vector<oci::OciMount>& mounts) {
  // The members are in the order of the OCI specification's Go types, which
  // readers may expect.
  using Json = nlohmann::ordered_json;
  Json reply = Json::array();
  for (const oci::OciMount& mount : mounts) {
    Json entry = {{"destination", mount.destination}};
    if (!mount.type.empty()) entry["type"] = mount.type;
    if (!mount.source.empty()) entry["source"] = mount.source;
    if (!mount.options.empty()) entry["options"] = mount.options;
    reply.push_back(std::move(entry));
  }
  return reply.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace gofer::runsc
