#include "tests/integration/control/fake_goferd.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <utility>

#include "server/base/check.h"
#include "server/base/syscall.h"
#include "server/control/versions.h"

namespace gofer::test {
namespace {

constexpr int kPatienceMillis = 20'000;
constexpr uint64_t kPatienceNs = uint64_t{20} * 1'000'000'000;

base::UniqueFd Connect(const std::string& path) {
  base::UniqueFd socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  GOFER_CHECK(path.size() < sizeof(address.sun_path));
  std::memcpy(address.sun_path, path.data(), path.size());
  GOFER_CHECK(::connect(socket.get(),
                        reinterpret_cast<const sockaddr*>(&address),
                        sizeof(address)) == 0);
  return socket;
}

}  // namespace

FakeGoferd::FakeGoferd(const std::string& socket_path)
    : channel_(Connect(socket_path)) {}

v1::Party FakeGoferd::Party() {
  v1::Party party;
  party.set_min_protocol_version(control::kMinProtocolVersion);
  party.set_max_protocol_version(control::kMaxProtocolVersion);
  party.set_release("test");
  party.add_capabilities(v1::CAPABILITY_EVENTS);
  return party;
}

uint64_t FakeGoferd::Send(v1::ToGofer message, std::span<const int> fds) {
  message.set_request_id(++last_request_);
  EXPECT_TRUE(
      channel_.Send(message.SerializeAsString(), fds, kPatienceNs).ok());
  return last_request_;
}

std::optional<v1::FromGofer> FakeGoferd::Next() {
  for (;;) {
    auto frame = channel_.Receive();
    if (frame.ok()) {
      v1::FromGofer message;
      EXPECT_TRUE(message.ParseFromString(frame->bytes));
      EXPECT_TRUE(frame->fds.empty());
      return message;
    }
    if (frame.error() != base::Errno(EAGAIN)) return std::nullopt;
    pollfd entry = {.fd = channel_.fd(), .events = POLLIN, .revents = 0};
    const int ready =
        base::RetryOnEintr([&] { return ::poll(&entry, 1, kPatienceMillis); });
    if (ready != 1) {
      ADD_FAILURE() << "the gofer says nothing";
      return std::nullopt;
    }
  }
}

v1::Response FakeGoferd::Await(uint64_t request_id) {
  v1::Response whole;
  while (auto message = Next()) {
    if (message->has_event()) {
      events_.push_back(message->event());
      continue;
    }
    EXPECT_EQ(message->response().request_id(), request_id);
    const bool more = message->response().more();
    whole.MergeFrom(message->response());
    if (!more) return whole;
  }
  ADD_FAILURE() << "no answer to request " << request_id;
  return whole;
}

v1::Response FakeGoferd::Ask(v1::ToGofer message, std::span<const int> fds) {
  return Await(Send(std::move(message), fds));
}

v1::Response FakeGoferd::Adopt() {
  v1::ToGofer message;
  *message.mutable_adopt()->mutable_party() = Party();
  return Ask(message);
}

v1::Response FakeGoferd::Stop(const std::string& uid,
                              v1::StopConnection::Mode mode) {
  v1::ToGofer message;
  message.mutable_stop_connection()->set_uid(uid);
  message.mutable_stop_connection()->set_mode(mode);
  message.mutable_stop_connection()->set_reason(v1::END_REASON_ADMIN_STOP);
  message.mutable_stop_connection()->set_detail("by a test");
  return Ask(message);
}

v1::ConnectionList FakeGoferd::List() {
  v1::ToGofer message;
  message.mutable_list_connections();
  return Ask(message).connections();
}

v1::ConnectionCount FakeGoferd::Count() {
  v1::ToGofer message;
  message.mutable_count_connections();
  return Ask(message).connection_count();
}

v1::Event FakeGoferd::AwaitEvent(
    const std::function<bool(const v1::Event&)>& wanted) {
  for (;;) {
    while (!events_.empty()) {
      v1::Event event = std::move(events_.front());
      events_.pop_front();
      if (wanted(event)) return event;
    }
    auto message = Next();
    if (!message) return {};
    EXPECT_TRUE(message->has_event());
    events_.push_back(message->event());
  }
}

v1::Connection FakeGoferd::AwaitState(const std::string& uid,
                                      v1::ConnectionState state) {
  return AwaitEvent([&](const v1::Event& event) {
           return event.connection_changed().uid() == uid &&
                  event.connection_changed().state() == state;
         })
      .connection_changed();
}

bool FakeGoferd::AwaitHangUp() {
  pollfd entry = {.fd = channel_.fd(), .events = 0, .revents = 0};
  return base::RetryOnEintr(
             [&] { return ::poll(&entry, 1, kPatienceMillis); }) == 1;
}

}  // namespace gofer::test
