#include "server/runsc/open_mount_call.h"

#include <sys/mount.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

#include "server/runsc/mount_json.h"

namespace gofer::runsc {
namespace {

constexpr char kMethod[] = "goferToHostRPC.OpenMount";

uint32_t MountFlags(const oci::OciMount& mount, bool readonly) {
  uint32_t flags = MS_BIND;
  const auto has = [&](absl::string_view option) {
    return std::find(mount.options.begin(), mount.options.end(), option) !=
           mount.options.end();
  };
  if (has("rbind")) flags |= MS_REC;
  if (readonly) flags |= MS_RDONLY;
  return flags;
}

}  // namespace

std::string OpenMountRequest(const oci::OciMount& mount, bool readonly) {
  using Json = nlohmann::ordered_json;
  // The argument is the mount itself until 2026, and since then an object that
  // holds it. Readers pass over members that they do not know.
  Json argument = ToJson(mount);
  argument["Mount"] = ToJson(mount);
  argument["Flags"] = MountFlags(mount, readonly);
  const Json request = {{"method", kMethod}, {"arg", std::move(argument)}};
  return request.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<std::variant<OpenMountDone, OpenMountError>> ReadOpenMountAnswer(
    absl::string_view text) {
  using nlohmann::json;
  if (!text.empty() && text.front() != '{') {
    return OpenMountError{"runsc answered with what is no JSON object"};
  }
  const json answer = json::parse(text.begin(), text.end(), nullptr, false);
  if (answer.is_discarded()) return std::nullopt;
  const auto success = answer.find("success");
  if (success == answer.end() || !success->is_boolean()) {
    return OpenMountError{"runsc's answer says nothing of success"};
  }
  if (success->get<bool>()) return OpenMountDone{};
  const auto error = answer.find("err");
  std::string why = error != answer.end() && error->is_string()
                        ? error->get<std::string>()
                        : "no reason given";
  std::replace(why.begin(), why.end(), '\n', ' ');
  return OpenMountError{std::move(why)};
}

}  // namespace gofer::runsc
