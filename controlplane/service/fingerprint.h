// Fingerprint: tells requests apart without keeping them.

#ifndef GOFERD_CONTROLPLANE_SERVICE_FINGERPRINT_H_
#define GOFERD_CONTROLPLANE_SERVICE_FINGERPRINT_H_

#include <google/protobuf/message.h>

#include <cstdint>
#include <initializer_list>
#include <string>

#include "absl/strings/string_view.h"

namespace goferd::service {

// The same in every process; not for keeping enemies apart.
uint64_t Fingerprint(std::initializer_list<absl::string_view> parts);

// The bytes of `message`, the same for equal messages.
std::string DeterministicBytes(const google::protobuf::Message& message);

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_FINGERPRINT_H_
