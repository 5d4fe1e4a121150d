// The commands that attach: connect and fs.

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstring>
#include <thread>

#include "controlplane/handoff/attach_record.h"
#include "server/uds/fd_message.h"
#include "server/uds/unix_socket.h"
#include "tests/unit/clients/goferctl/fake_goferd.h"

namespace goferctl::test {
namespace {

using gofer::base::UniqueFd;
using goferd::handoff::DecodeRequest;
using goferd::handoff::EncodeAnswer;
using testing::HasSubstr;

// An attach socket that gives one end of a pair for each ticket of one record.
class FakeAttachSocket {
 public:
  explicit FakeAttachSocket(const std::string& directory)
      : path_(directory + "/attach.sock"),
        listener_(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof(address.sun_path) - 1);
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address),
                     sizeof(address)),
              0);
    EXPECT_EQ(::listen(listener_.get(), 1), 0);
    thread_ = std::thread([this] { Serve(); });
  }
  ~FakeAttachSocket() {
    ::shutdown(listener_.get(), SHUT_RDWR);
    thread_.join();
    ::unlink(path_.c_str());
  }

  const std::string& path() const { return path_; }

 private:
  void Serve() {
    const UniqueFd peer(::accept(listener_.get(), nullptr, nullptr));
    if (!peer) return;
    std::array<std::byte, goferd::handoff::kMaxRequestBytes> bytes;
    const auto received = gofer::uds::ReceiveWithFds(peer.get(), bytes, 0, 0);
    ASSERT_TRUE(received.ok());
    const auto request = DecodeRequest(
        {reinterpret_cast<const char*>(bytes.data()), received->byte_count});
    ASSERT_TRUE(request.has_value());
    std::vector<UniqueFd> given;
    std::vector<int> numbers;
    for (size_t i = 0; i < request->tickets.size(); ++i) {
      auto pair = gofer::uds::MakeSocketPair(gofer::uds::SocketType::kStream);
      given.push_back(std::move(pair->first));
      numbers.push_back(given.back().get());
    }
    const std::string answer =
        EncodeAnswer({0, 0, static_cast<uint16_t>(numbers.size()), ""});
    EXPECT_TRUE(gofer::uds::SendWithFds(
                    peer.get(),
                    std::as_bytes(std::span(answer.data(), answer.size())),
                    numbers, 0)
                    .ok());
  }

  std::string path_;
  UniqueFd listener_;
  std::thread thread_;
};

void AddTickets(FakeGoferd& goferd, const FakeAttachSocket& socket, int count) {
  for (int i = 0; i < count; ++i) {
    auto* const ticket = goferd.batch.add_responses()->mutable_ticket();
    ticket->set_ticket(std::string(16, static_cast<char>('a' + i)));
    ticket->set_attach_socket_path(socket.path());
  }
}

TEST(ConnectTest, BecomesTheProgramWithItsSockets) {
  FakeGoferd goferd;
  const FakeAttachSocket socket(goferd.directory());
  AddTickets(goferd, socket, 2);
  const Ran ran = RunGoferctl(
      {"connect", "web", "--mount=/", "--mount=d=/data", "--readonly", "--",
       "prog", "--fd={fd}", "--two={fd1}", "--all={fds}", "--x", "{fd9}"},
      goferd.endpoint());
  EXPECT_EQ(ran.code, 127);  // As the fake exec found no program.
  EXPECT_THAT(ran.err, HasSubstr("prog: No such file or directory"));
  ASSERT_EQ(ran.program.size(), 6u);
  EXPECT_EQ(ran.program[0], "prog");
  int first = -1;
  int second = -1;
  ASSERT_EQ(std::sscanf(ran.program[1].c_str(), "--fd=%d", &first), 1);
  ASSERT_EQ(std::sscanf(ran.program[2].c_str(), "--two=%d", &second), 1);
  EXPECT_NE(first, second);
  EXPECT_EQ(ran.program[3],
            "--all=" + std::to_string(first) + "," + std::to_string(second));
  EXPECT_EQ(ran.program[4], "--x");
  EXPECT_EQ(ran.program[5], "{fd9}");
  const std::string request = goferd.LastRequest();
  EXPECT_THAT(request, HasSubstr("mount_path: \"/\" options { readonly: true } "
                                 "attach_mode: ATTACH_MODE_TAKE"));
  EXPECT_THAT(request, HasSubstr("connection_id: \"goferctl-"));
  EXPECT_THAT(request, HasSubstr("connection_id: \"d\" mount_path: \"/data\""));
}

TEST(ConnectTest, TellsWhenTheAttachSocketIsNotThere) {
  FakeGoferd goferd;
  goferd.batch.add_responses()->mutable_ticket()->set_ticket(
      std::string(16, 'a'));
  goferd.batch.mutable_responses(0)->mutable_ticket()->set_attach_socket_path(
      goferd.directory() + "/none.sock");
  const Ran ran =
      RunGoferctl({"connect", "web", "--", "prog"}, goferd.endpoint());
  EXPECT_EQ(ran.code, 14);
  EXPECT_TRUE(ran.program.empty());
}

TEST(ConnectTest, RefusesAnAnswerWithoutTickets) {
  FakeGoferd goferd;
  EXPECT_EQ(
      RunGoferctl({"connect", "web", "--", "prog"}, goferd.endpoint()).code,
      13);
}

TEST(FsTest, TellsWhenTheGoferGoesAway) {
  FakeGoferd goferd;
  const FakeAttachSocket socket(goferd.directory());
  AddTickets(goferd, socket, 1);
  const Ran ran = RunGoferctl({"fs", "ls", "web", "/"}, goferd.endpoint());
  EXPECT_NE(ran.code, 0);
  EXPECT_THAT(ran.err, HasSubstr("goferctl: mount: "));
  EXPECT_THAT(goferd.LastRequest(),
              HasSubstr("options { readonly: true donate_host_fds: NO_FDS }"));
}

}  // namespace
}  // namespace goferctl::test
