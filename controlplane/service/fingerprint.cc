#include "controlplane/service/fingerprint.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

namespace goferd::service {
namespace {

constexpr uint64_t kFnvOffset = 14695981039346656037U;
constexpr uint64_t kFnvPrime = 1099511628211U;

uint64_t Add(uint64_t hash, uint8_t byte) { return (hash ^ byte) * kFnvPrime; }

}  // namespace

uint64_t Fingerprint(std::initializer_list<absl::string_view> parts) {
  uint64_t hash = kFnvOffset;
  for (const absl::string_view part : parts) {
    for (const char c : part) hash = Add(hash, static_cast<uint8_t>(c));
    // The length is mixed in, so that ("ab", "c") differs from ("a", "bc").
    for (size_t rest = part.size(), i = 0; i < sizeof(rest); ++i, rest >>= 8) {
      hash = Add(hash, static_cast<uint8_t>(rest));
    }
  }
  return hash;
}

std::string DeterministicBytes(const google::protobuf::Message& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return bytes;
}

}  // namespace goferd::service
