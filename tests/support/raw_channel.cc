#include "tests/support/raw_channel.h"

#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <utility>

#include "server/base/check.h"
#include "server/flipcall/layout.h"
#include "server/uds/fd_message.h"
#include "server/wire/headers.h"
#include "server/wire/messages/mount.h"
#include "server/wire/types.h"

namespace gofer::test {
namespace {

constexpr uint32_t kServersTurn = 1;
constexpr size_t kDatagram = flipcall::kPacketHeaderBytes;

std::atomic<uint32_t>& Word(std::byte* base) {
  return *reinterpret_cast<std::atomic<uint32_t>*>(base);
}

void Wake(std::byte* base) {
  ::syscall(SYS_futex, base, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

template <class T>
T Load(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

}  // namespace

RawChannel::RawChannel(RawClient& client) {
  auto reply = client.Call<wire::ChannelResp>(wire::MessageId::kChannel,
                                              wire::EmptyMessage());
  GOFER_CHECK(reply.ok() && reply.fds.size() == 2);
  data_fd_ = std::move(reply.fds[0]);
  fd_socket_ = std::move(reply.fds[1]);
  offset_ = reply->data_offset;
  length_ = reply->data_length;
  void* const mapped = ::mmap(nullptr, length_, PROT_READ | PROT_WRITE,
                              MAP_SHARED, data_fd_.get(), offset_);
  GOFER_CHECK(mapped != MAP_FAILED);
  base_ = static_cast<std::byte*>(mapped);
}

RawChannel::~RawChannel() { ::munmap(base_, length_); }

uint32_t RawChannel::state() const {
  return Word(base_).load(std::memory_order_acquire);
}

void RawChannel::set_state(uint32_t state) {
  Word(base_).store(state, std::memory_order_release);
  Wake(base_);
}

uint32_t RawChannel::data_len() const {
  return Load<uint32_t>(base_ + flipcall::kDataLenOffset);
}

uint16_t RawChannel::message() const {
  return Load<uint16_t>(base_ + kDatagram);
}

uint8_t RawChannel::num_fds() const {
  return Load<uint8_t>(base_ + kDatagram + 2);
}

std::vector<std::byte> RawChannel::payload() const {
  const auto datagram = bytes().subspan(kDatagram, data_len());
  const auto payload = datagram.subspan(sizeof(wire::ChannelHeader));
  return {payload.begin(), payload.end()};
}

void RawChannel::StartHandshake(absl::string_view text) {
  if (!text.empty()) {
    std::memcpy(base_ + kDatagram, text.data(), text.size());
  }
  const auto length = static_cast<uint32_t>(text.size());
  std::memcpy(base_ + flipcall::kDataLenOffset, &length, sizeof(length));
  set_state(kServersTurn);
}

void RawChannel::Send(uint16_t message, std::span<const std::byte> request,
                      uint8_t num_fds, int64_t data_len) {
  const wire::ChannelHeader header{message, num_fds, 0};
  std::memcpy(base_ + kDatagram, &header, sizeof(header));
  if (!request.empty()) {
    std::memcpy(base_ + kDatagram + sizeof(header), request.data(),
                request.size());
  }
  const auto length = static_cast<uint32_t>(
      data_len >= 0 ? data_len
                    : static_cast<int64_t>(sizeof(header) + request.size()));
  std::memcpy(base_ + flipcall::kDataLenOffset, &length, sizeof(length));
  set_state(kServersTurn);
}

uint32_t RawChannel::WaitWhile(uint32_t unwanted) {
  while (state() == unwanted) {
    ::syscall(SYS_futex, base_, FUTEX_WAIT, unwanted, nullptr, nullptr, 0);
  }
  return state();
}

void RawChannel::Connect() {
  StartHandshake("{}\n");
  GOFER_CHECK(WaitWhile() == 0);
}

base::UniqueFd RawChannel::TryReceiveFd() {
  auto message = uds::ReceiveWithFds(fd_socket_.get(), {}, 1, MSG_DONTWAIT);
  if (!message.ok() || message->fds.empty()) return base::UniqueFd();
  return std::move(message->fds[0]);
}

}  // namespace gofer::test
