#include "server/runsc/mounts_reply.h"

#include <nlohmann/json.hpp>

#include "server/runsc/mount_json.h"

namespace gofer::runsc {

std::string MountsReply(const std::vector<oci::OciMount>& mounts) {
  using Json = nlohmann::ordered_json;
  Json reply = Json::array();
  for (const oci::OciMount& mount : mounts) reply.push_back(ToJson(mount));
  return reply.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace gofer::runsc
