// FakeAttachSocket: the attach socket of a FakeGoferd.

#ifndef GOFERD_TESTS_UNIT_CLIENTS_GOFERCTL_FAKE_ATTACH_SOCKET_H_
#define GOFERD_TESTS_UNIT_CLIENTS_GOFERCTL_FAKE_ATTACH_SOCKET_H_

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "controlplane/attach_record/attach_record.h"
#include "server/base/unique_fd.h"
#include "server/uds/fd_message.h"
#include "server/uds/unix_socket.h"
#include "tests/unit/clients/goferctl/fake_goferd.h"

namespace goferctl::test {

// An attach socket that gives one end of a pair for each ticket of one record,
// and the other end to `serve`, on its own thread.
class FakeAttachSocket {
 public:
  using Serve = std::function<void(gofer::base::UniqueFd)>;

  explicit FakeAttachSocket(
      const std::string& directory,
      const Serve& serve = [](gofer::base::UniqueFd) {})
      : path_(directory + "/attach.sock"),
        listener_(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof(address.sun_path) - 1);
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address),
                     sizeof(address)),
              0);
    EXPECT_EQ(::listen(listener_.get(), 1), 0);
    thread_ = std::thread([this, serve] { Answer(serve); });
  }
  ~FakeAttachSocket() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
    ::unlink(path_.c_str());
  }

  const std::string& path() const { return path_; }

 private:
  void Answer(const Serve& serve) {
    const gofer::base::UniqueFd peer(
        ::accept(listener_.get(), nullptr, nullptr));
    if (!peer) return;
    std::array<std::byte, goferd::attach_record::kMaxRequestBytes> bytes;
    const auto received = gofer::uds::ReceiveWithFds(peer.get(), bytes, 0, 0);
    ASSERT_TRUE(received.ok());
    const auto request = goferd::attach_record::DecodeRequest(
        {reinterpret_cast<const char*>(bytes.data()), received->byte_count});
    ASSERT_TRUE(request.has_value());
    std::vector<gofer::base::UniqueFd> given;
    std::vector<int> numbers;
    for (size_t i = 0; i < request->tickets.size(); ++i) {
      auto pair = gofer::uds::MakeSocketPair(gofer::uds::SocketType::kStream);
      given.push_back(std::move(pair->first));
      numbers.push_back(given.back().get());
      serve(std::move(pair->second));
    }
    const std::string answer = goferd::attach_record::EncodeAnswer(
        {0, 0, static_cast<uint16_t>(numbers.size()), ""});
    EXPECT_TRUE(gofer::uds::SendWithFds(
                    peer.get(),
                    std::as_bytes(std::span(answer.data(), answer.size())),
                    numbers, 0)
                    .ok());
  }

  std::string path_;
  gofer::base::UniqueFd listener_;
  std::thread thread_;
};

// What StartConnection answers `count` times.
inline void AddTickets(FakeGoferd& goferd, const FakeAttachSocket& socket,
                       int count) {
  for (int i = 0; i < count; ++i) {
    auto* const ticket = goferd.batch.add_responses()->mutable_ticket();
    ticket->set_ticket(std::string(16, static_cast<char>('a' + i)));
    ticket->set_attach_socket_path(socket.path());
  }
}

}  // namespace goferctl::test

#endif  // GOFERD_TESTS_UNIT_CLIENTS_GOFERCTL_FAKE_ATTACH_SOCKET_H_
