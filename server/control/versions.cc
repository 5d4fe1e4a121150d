#include "server/control/versions.h"

#include <algorithm>

namespace gofer::control {

namespace v1 = ::goferd::worker::v1;

v1::Party MakeParty(absl::string_view release,
                    std::initializer_list<v1::Capability> capabilities) {
  v1::Party party;
  party.set_min_protocol_version(kMinProtocolVersion);
  party.set_max_protocol_version(kMaxProtocolVersion);
  party.set_release(release.data(), release.size());
  for (const v1::Capability capability : capabilities) {
    party.add_capabilities(capability);
  }
  return party;
}

std::optional<uint32_t> CommonVersion(const v1::Party& ours,
                                      const v1::Party& theirs) {
  const uint32_t oldest = std::max(
      {ours.min_protocol_version(), theirs.min_protocol_version(), 1u});
  const uint32_t newest =
      std::min(ours.max_protocol_version(), theirs.max_protocol_version());
  if (theirs.min_protocol_version() == 0 || oldest > newest) {
    return std::nullopt;
  }
  return newest;
}

bool HasCapability(const v1::Party& party, v1::Capability capability) {
  return std::find(party.capabilities().begin(), party.capabilities().end(),
                   capability) != party.capabilities().end();
}

}  // namespace gofer::control
