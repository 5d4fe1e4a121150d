// Fingerprint: tells requests apart without keeping them.

#ifndef GOFERD_CONTROLPLANE_SERVICE_FINGERPRINT_H_
#define GOFERD_CONTROLPLANE_SERVICE_FINGERPRINT_H_

#include <google/protobuf/message.h>

#include <cstdint>
#include <initializer_list>
#include <string>

#include "absl/strings/string_view.h"

namespace goferd::service {

// Returns the same number in every process. An attacker can make two texts with
// one number: do not use it where that matters.
uint64_t Fingerprint(std::initializer_list<absl::string_view> parts);

// Serialises `message`; equal messages have equal bytes.
std::string DeterministicBytes(const google::protobuf::Message& message);

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_FINGERPRINT_H_
