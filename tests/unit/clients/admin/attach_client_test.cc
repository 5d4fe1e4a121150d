#include "clients/admin/attach_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <thread>

#include "clients/admin/error_details.h"
#include "controlplane/attach_record/attach_record.h"
#include "goferd/admin/v1/error_reason.pb.h"
#include "server/uds/fd_message.h"
#include "server/uds/unix_socket.h"

namespace goferd::client {
namespace {

using attach_record::AttachAnswer;
using attach_record::AttachOp;
using attach_record::AttachRequest;
using gofer::base::UniqueFd;
using gofer::uds::SocketType;

const std::string kTicket(16, 't');

struct Reply {
  std::string packet;
  std::vector<UniqueFd> fds;
};
using Answer =
    std::function<Reply(const AttachRequest&, std::vector<UniqueFd> fds)>;

// An attach socket at which nobody answers yet.
class AttachListener {
 public:
  AttachListener() {
    std::string pattern = testing::TempDir() + "/attachXXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    path_ = directory_ + "/attach.sock";
    socket_.reset(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof(address.sun_path) - 1);
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address),
                     sizeof(address)),
              0);
    EXPECT_EQ(::listen(socket_.get(), 1), 0);
  }
  ~AttachListener() {
    ::unlink(path_.c_str());
    ::rmdir(directory_.c_str());
  }
  AttachListener(const AttachListener&) = delete;
  AttachListener& operator=(const AttachListener&) = delete;

  const std::string& path() const { return path_; }
  // Invalid once stopped.
  UniqueFd Accept() const {
    return UniqueFd(::accept(socket_.get(), nullptr, nullptr));
  }
  void Stop() const { ::shutdown(socket_.get(), SHUT_RDWR); }

 private:
  std::string directory_;
  std::string path_;
  UniqueFd socket_;
};

// An attach socket that answers one record. An empty packet is not sent.
class FakeAttachSocket {
 public:
  explicit FakeAttachSocket(Answer answer) {
    thread_ = std::thread([this, answer] { Serve(answer); });
  }
  ~FakeAttachSocket() {
    listener_.Stop();
    thread_.join();
  }

  const std::string& path() const { return listener_.path(); }

 private:
  void Serve(const Answer& answer) {
    const UniqueFd peer = listener_.Accept();
    if (!peer) return;
    std::array<std::byte, attach_record::kMaxRequestBytes> bytes;
    auto received = gofer::uds::ReceiveWithFds(peer.get(), bytes, 250, 0);
    ASSERT_TRUE(received.ok());
    const auto request = attach_record::DecodeRequest(
        {reinterpret_cast<const char*>(bytes.data()), received->byte_count});
    ASSERT_TRUE(request.has_value());
    const Reply reply = answer(*request, std::move(received->fds));
    if (reply.packet.empty()) return;
    std::vector<int> fds;
    for (const UniqueFd& fd : reply.fds) fds.push_back(fd.get());
    EXPECT_TRUE(
        gofer::uds::SendWithFds(
            peer.get(),
            std::as_bytes(std::span(reply.packet.data(), reply.packet.size())),
            fds, 0)
            .ok());
  }

  const AttachListener listener_;
  std::thread thread_;
};

Reply GiveSockets(size_t count, uint16_t said) {
  Reply reply;
  for (size_t i = 0; i < count; ++i) {
    auto pair = gofer::uds::MakeSocketPair(SocketType::kStream);
    reply.fds.push_back(std::move(pair->first));
    // The other end is closed: the socket stays connected until it is read.
  }
  reply.packet = attach_record::EncodeAnswer({0, 0, said, ""});
  return reply;
}

TEST(AttachClientTest, TakesASocketForEachTicket) {
  auto pair = gofer::uds::MakeSocketPair(SocketType::kStream);
  auto other = gofer::uds::MakeSocketPair(SocketType::kStream);
  const FakeAttachSocket socket([&](const AttachRequest& request, auto) {
    EXPECT_EQ(request.op, AttachOp::kTake);
    EXPECT_EQ(request.tickets.size(), 2u);
    Reply reply;
    reply.fds.push_back(std::move(pair->first));
    reply.fds.push_back(std::move(other->first));
    reply.packet = attach_record::EncodeAnswer({0, 0, 2, ""});
    return reply;
  });
  const std::vector<std::string> tickets = {kTicket, std::string(16, 'u')};
  const auto fds = AttachClient(socket.path()).Take(tickets);
  ASSERT_TRUE(fds.ok()) << fds.status();
  ASSERT_EQ(fds->size(), 2u);
  char byte = 'x';
  ASSERT_EQ(::send(other->second.get(), &byte, 1, 0), 1);
  ASSERT_EQ(::recv((*fds)[1].get(), &byte, 1, 0), 1);
  EXPECT_NE(::fcntl((*fds)[0].get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(AttachClientTest, GivesSockets) {
  auto pair = gofer::uds::MakeSocketPair(SocketType::kStream);
  size_t given = 0;
  {
    const FakeAttachSocket socket(
        [&](const AttachRequest& request, std::vector<UniqueFd> fds) {
          EXPECT_EQ(request.op, AttachOp::kGive);
          given = fds.size();
          return Reply{attach_record::EncodeAnswer({}), {}};
        });
    const std::vector<std::string> tickets = {kTicket};
    const std::vector<int> fds = {pair->first.get()};
    EXPECT_TRUE(AttachClient(socket.path()).Give(tickets, fds).ok());
    EXPECT_TRUE(
        absl::IsInvalidArgument(AttachClient(socket.path()).Give(tickets, {})));
  }
  EXPECT_EQ(given, 1u);
}

TEST(AttachClientTest, TellsTheReasonOfARefusal) {
  const FakeAttachSocket socket([](const AttachRequest&, auto) {
    return Reply{attach_record::EncodeAnswer(
                     {static_cast<uint32_t>(absl::StatusCode::kUnauthenticated),
                      admin::v1::TICKET_INVALID, 0, "no such ticket"}),
                 {}};
  });
  const std::vector<std::string> tickets = {kTicket};
  const auto fds = AttachClient(socket.path()).Take(tickets);
  EXPECT_TRUE(absl::IsUnauthenticated(fds.status())) << fds.status();
  EXPECT_EQ(DetailsOf(fds.status()).reason, admin::v1::TICKET_INVALID);
}

// One that refuses clients without reading what they send, as a flood is. How
// far a client gets before it hangs up is up to chance.
class RefusingAttachSocket {
 public:
  RefusingAttachSocket() {
    thread_ = std::thread([this] { Serve(); });
  }
  ~RefusingAttachSocket() {
    listener_.Stop();
    thread_.join();
  }
  const std::string& path() const { return listener_.path(); }
  int refusals() const { return refusals_; }

 private:
  void Serve() {
    const std::string answer = attach_record::EncodeAnswer(
        {static_cast<uint32_t>(absl::StatusCode::kResourceExhausted),
         admin::v1::PROCESS_LIMIT, 0, "too many clients"});
    for (;;) {
      const UniqueFd peer = listener_.Accept();
      if (!peer) return;
      ++refusals_;
      EXPECT_EQ(::send(peer.get(), answer.data(), answer.size(), MSG_NOSIGNAL),
                static_cast<ssize_t>(answer.size()));
    }
  }

  const AttachListener listener_;
  std::atomic<int> refusals_ = 0;
  std::thread thread_;
};

TEST(AttachClientTest, RepeatsARequestThatTheFullSocketRefused) {
  const RefusingAttachSocket socket;
  const std::vector<std::string> tickets = {kTicket};
  const AttachClient client(socket.path(), absl::Seconds(10),
                            absl::Milliseconds(200));
  EXPECT_EQ(DetailsOf(client.Take(tickets).status()).reason,
            admin::v1::PROCESS_LIMIT);
  EXPECT_GT(socket.refusals(), 1);
}

TEST(AttachClientTest, ReadsARefusalOfAServerThatHasHungUp) {
  const RefusingAttachSocket socket;
  auto pair = gofer::uds::MakeSocketPair(SocketType::kStream);
  const std::vector<std::string> tickets = {kTicket};
  const std::vector<int> fds = {pair->first.get()};
  for (int i = 0; i < 500; ++i) {
    const AttachClient client(socket.path(), absl::Seconds(10),
                              absl::ZeroDuration());
    const auto status = client.Give(tickets, fds);
    ASSERT_EQ(DetailsOf(status).reason, admin::v1::PROCESS_LIMIT)
        << i << ": " << status;
  }
}

TEST(AttachClientTest, RefusesMalformedAnswers) {
  const std::vector<Answer> answers = {
      [](const AttachRequest&, auto) {
        return Reply{"garbage", {}};
      },
      // A socket too few, and more announced than came.
      [](const AttachRequest&, auto) { return GiveSockets(0, 0); },
      [](const AttachRequest&, auto) { return GiveSockets(1, 2); },
      // No socket at all.
      [](const AttachRequest&, auto) {
        Reply reply{attach_record::EncodeAnswer({0, 0, 1, ""}), {}};
        reply.fds.push_back(UniqueFd(::open("/dev/null", O_RDONLY)));
        return reply;
      },
  };
  const std::vector<std::string> tickets = {kTicket};
  for (size_t i = 0; i < answers.size(); ++i) {
    const FakeAttachSocket socket(answers[i]);
    const auto fds = AttachClient(socket.path()).Take(tickets);
    EXPECT_TRUE(absl::IsInternal(fds.status())) << i << ": " << fds.status();
  }
}

TEST(AttachClientTest, ReturnsUnavailableWhenNobodyListens) {
  const std::vector<std::string> tickets = {kTicket};
  EXPECT_TRUE(absl::IsUnavailable(
      AttachClient("/nonexistent/attach.sock").Take(tickets).status()));
  const FakeAttachSocket socket(
      [](const AttachRequest&, auto) { return Reply{}; });
  EXPECT_TRUE(
      absl::IsUnavailable(AttachClient(socket.path()).Take(tickets).status()));
}

TEST(AttachClientTest, ReturnsDeadlineExceededOnSilence) {
  const AttachListener listener;
  const std::vector<std::string> tickets = {kTicket};
  EXPECT_TRUE(absl::IsDeadlineExceeded(
      AttachClient(listener.path(), absl::Milliseconds(20))
          .Take(tickets)
          .status()));
}

TEST(AttachClientTest, KeepsASecretPathOutOfErrors) {
  for (const std::string& path :
       {std::string("/nonexistent/5ec1e7"),
        "/nonexistent/" + std::string(200, 'a') + "5ec1e7"}) {
    const auto status = AttachClient(path).ConnectToListener().status();
    EXPECT_THAT(std::string(status.message()),
                testing::AllOf(testing::HasSubstr("/nonexistent/..."),
                               testing::Not(testing::HasSubstr("5ec1e7"))));
  }
}

TEST(AttachClientTest, RefusesMalformedTickets) {
  const AttachClient client("/nonexistent/attach.sock");
  EXPECT_TRUE(absl::IsInvalidArgument(client.Take({}).status()));
  const std::vector<std::string> short_one = {"short"};
  EXPECT_TRUE(absl::IsInvalidArgument(client.Take(short_one).status()));
}

}  // namespace
}  // namespace goferd::client
