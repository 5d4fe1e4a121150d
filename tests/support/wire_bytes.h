// Payloads for tests: exactly as long as they must be, so that
// AddressSanitizer sees a decoder that reads a byte too much.

#ifndef GOFER_TESTS_SUPPORT_WIRE_BYTES_H_
#define GOFER_TESTS_SUPPORT_WIRE_BYTES_H_

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/string_view.h"
#include "server/base/check.h"
#include "server/wire/decode.h"
#include "server/wire/encode.h"

namespace gofer::test {

// A copy of some bytes in an allocation of exactly their size.
class ExactPayload {
 public:
  explicit ExactPayload(std::span<const std::byte> bytes)
      : bytes_(new std::byte[bytes.size()]), size_(bytes.size()) {
    std::copy(bytes.begin(), bytes.end(), bytes_.get());
  }

  std::span<const std::byte> span() const { return {bytes_.get(), size_}; }

 private:
  std::unique_ptr<std::byte[]> bytes_;
  size_t size_;
};

// The encoding of `value`, which must be encodable, in memory that was not
// zero.
template <class T>
std::vector<std::byte> Encoded(const T& value) {
  std::vector<std::byte> bytes(wire::EncodedSize(value), std::byte{0xEE});
  const base::ErrnoOr<size_t> written = wire::Encode(value, bytes);
  GOFER_CHECK(written.ok() && *written == bytes.size());
  return bytes;
}

// Whether T refuses `payload`, or else reads it as a message that its own
// encoding yields again, in the same number of bytes or fewer.
template <class T>
bool RefusesOrRoundTrips(std::span<const std::byte> payload) {
  const base::ErrnoOr<T> first = wire::Decode<T>(payload);
  if (!first.ok()) return first.error() == base::Errno(EIO);
  const ExactPayload again(Encoded(*first));
  const base::ErrnoOr<T> second = wire::Decode<T>(again.span());
  return again.span().size() <= payload.size() && second.ok() &&
         *second == *first;
}

inline std::string ToHex(std::span<const std::byte> bytes) {
  return absl::BytesToHexString(absl::string_view(
      reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

// The bytes that `hex` spells; spaces in it mean nothing.
inline std::vector<std::byte> FromHex(absl::string_view hex) {
  std::string digits(hex);
  digits.erase(std::remove(digits.begin(), digits.end(), ' '), digits.end());
  GOFER_CHECK(digits.size() % 2 == 0 &&
              digits.find_first_not_of("0123456789abcdef") == digits.npos);
  const std::string text = absl::HexStringToBytes(digits);
  const auto* first = reinterpret_cast<const std::byte*>(text.data());
  return {first, first + text.size()};
}

}  // namespace gofer::test

#endif  // GOFER_TESTS_SUPPORT_WIRE_BYTES_H_
