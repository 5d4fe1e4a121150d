// CommonVersion: the versions of the worker protocol, and what each side can
// do.

#ifndef GOFER_SERVER_CONTROL_VERSIONS_H_
#define GOFER_SERVER_CONTROL_VERSIONS_H_

#include <cstdint>
#include <initializer_list>
#include <optional>

#include "absl/strings/string_view.h"
#include "goferd/worker/v1/bootstrap.pb.h"

namespace gofer::control {

// What this release speaks, goferd and gofer alike. Version 1 is gone: some of
// its enums had other numbers, so either side would misread the other.
inline constexpr uint32_t kMinProtocolVersion = 2;
inline constexpr uint32_t kMaxProtocolVersion = 2;

// Our Party, to be sent.
goferd::worker::v1::Party MakeParty(
    absl::string_view release,
    std::initializer_list<goferd::worker::v1::Capability> capabilities);

// The highest version that both know; nothing when there is none, or when the
// peer's numbers make no sense (0, or the oldest above the newest).
std::optional<uint32_t> CommonVersion(const goferd::worker::v1::Party& ours,
                                      const goferd::worker::v1::Party& theirs);

// Whether the peer says that it has the capability.
bool HasCapability(const goferd::worker::v1::Party& party,
                   goferd::worker::v1::Capability capability);

}  // namespace gofer::control

#endif  // GOFER_SERVER_CONTROL_VERSIONS_H_
