#include "tests/support/raw_client.h"

#include <utility>

#include "server/wire/messages/mount.h"
#include "server/wire/types.h"

namespace gofer::test {

RawReply RawClient::CallBytes(uint16_t message,
                              std::span<const std::byte> payload,
                              size_t max_fds) {
  comm::ClientCommunicator& pathway = current_ != nullptr ? *current_ : socket_;
  RawReply reply;
  auto response = pathway.RoundTrip(message, payload, {}, max_fds);
  if (!response.ok()) {
    reply.error = -response.error().number();
    return reply;
  }
  reply.message = response->message;
  reply.payload.assign(response->payload.begin(), response->payload.end());
  reply.fds = std::move(response->fds);
  if (reply.message == static_cast<uint16_t>(wire::MessageId::kError)) {
    const auto error = wire::Decode<wire::ErrorResp>(reply.payload);
    reply.error = error.ok() ? static_cast<int>(error->error) : -EBADMSG;
  } else if (reply.message != message) {
    reply.error = -EPROTO;
  }
  return reply;
}

int RawClient::OpenChannel() {
  auto reply =
      Call<wire::ChannelResp>(wire::MessageId::kChannel, wire::EmptyMessage());
  if (!reply.ok()) return reply.error;
  if (reply.fds.size() != 2) return -EBADF;
  auto channel = comm::ClientChannel::Open(
      reply.fds[0].get(), static_cast<uint64_t>(reply->data_offset),
      reply->data_length, std::move(reply.fds[1]));
  if (!channel.ok()) return -channel.error().number();
  if (auto connected = (*channel)->Connect(); !connected.ok()) {
    return -connected.error().number();
  }
  channels_.push_back(*std::move(channel));
  current_ = channels_.back().get();
  return 0;
}

}  // namespace gofer::test
