// Every message decoder in both directions. The first byte of the input is the
// message id, the second says request (even) or response (odd), the rest is the
// payload. What is accepted must survive encoding and decoding unchanged.

#include <cstddef>
#include <cstdint>
#include <span>

#include "server/base/check.h"
#include "server/wire/debug_string.h"
#include "server/wire/message_list.h"
#include "tests/support/wire_bytes.h"

namespace {

using gofer::wire::kMessageIdCount;

template <class T>
void Try(std::span<const std::byte> input) {
  const gofer::test::ExactPayload payload(input);
  GOFER_CHECK(gofer::test::RefusesOrRoundTrips<T>(payload.span()));
  const gofer::base::ErrnoOr<T> message =
      gofer::wire::Decode<T>(payload.span());
  if (message.ok()) {
    GOFER_CHECK(!gofer::wire::DebugString(*message).empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  const size_t wanted = data[0] % kMessageIdCount;
  const bool is_request = data[1] % 2 == 0;
  const auto payload = std::as_bytes(std::span(data, size)).subspan(2);
  gofer::wire::ForEachMessage([&]<class Row>() {
    if (static_cast<size_t>(Row::kId) != wanted) return;
    if (is_request) {
      Try<typename Row::Request>(payload);
    } else {
      Try<typename Row::Response>(payload);
    }
  });
  return 0;
}
