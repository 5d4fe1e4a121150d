// RawClient: a test's client, one call at a time, with nothing hidden.

#ifndef GOFER_TESTS_SUPPORT_RAW_CLIENT_H_
#define GOFER_TESTS_SUPPORT_RAW_CLIENT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "server/base/errno.h"
#include "server/base/unique_fd.h"
#include "server/comm/client_channel.h"
#include "server/comm/client_socket.h"
#include "server/wire/decode.h"
#include "server/wire/message_id.h"
#include "tests/support/wire_bytes.h"

namespace gofer::test {

// An answer with a payload of its own.
struct RawReply {
  // 0, the errno of an Error response, or -errno when the pathway failed.
  int error = 0;
  uint16_t message = 0;
  std::vector<std::byte> payload;
  std::vector<base::UniqueFd> fds;

  bool ok() const { return error == 0; }
};

// The same, decoded; strings and arrays show `payload`.
template <class Response>
struct Reply : RawReply {
  Response value{};

  const Response* operator->() const { return &value; }
};

// Owns one connection's client side: the socket, and channels that it opens.
// One thread.
class RawClient {
 public:
  explicit RawClient(base::UniqueFd socket) : socket_(std::move(socket)) {}

  // Sends `payload` as it is. Keeps at most `max_fds` donated FDs.
  RawReply CallBytes(uint16_t message, std::span<const std::byte> payload,
                     size_t max_fds = kMaxFds);

  template <class Response, class Request>
  Reply<Response> Call(wire::MessageId id, const Request& request) {
    return Decoded<Response>(
        CallBytes(static_cast<uint16_t>(id), Encoded(request)));
  }

  template <class Response>
  static Reply<Response> Decoded(RawReply raw) {
    Reply<Response> reply;
    static_cast<RawReply&>(reply) = std::move(raw);
    if (!reply.ok()) return reply;
    auto decoded = wire::Decode<Response>(reply.payload);
    if (decoded.ok()) {
      reply.value = *decoded;
    } else {
      reply.error = -EBADMSG;
    }
    return reply;
  }

  // Asks for one more channel, on the pathway in use, and connects it; later
  // calls use it. Returns 0 or as RawReply::error.
  int OpenChannel();
  void UseSocket() { current_ = nullptr; }
  // The channel that was opened `i`th.
  void UseChannel(size_t i) { current_ = channels_[i].get(); }
  bool on_channel() const { return current_ != nullptr; }

  comm::ClientSocket& socket() { return socket_; }
  comm::ClientChannel& channel(size_t i) { return *channels_[i]; }

 private:
  static constexpr size_t kMaxFds = 8;

  comm::ClientSocket socket_;
  std::vector<std::unique_ptr<comm::ClientChannel>> channels_;
  comm::ClientCommunicator* current_ = nullptr;  // Null for the socket.
};

}  // namespace gofer::test

#endif  // GOFER_TESTS_SUPPORT_RAW_CLIENT_H_
