#include "server/hostfs/unix_file.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/unit/server/hostfs/temp_directory.h"

namespace gofer::hostfs {
namespace {

class UnixFileTest : public testing::Test {
 protected:
  base::UniqueFd Directory() { return directory_.Open("", O_PATH); }
  base::UniqueFd Listen(const std::string& name, int backlog) {
    auto socket = MakeUnixSocket(SOCK_STREAM);
    EXPECT_TRUE(socket.ok());
    EXPECT_TRUE(
        BindInDirectory(proc_, socket->get(), Directory().get(), name.c_str())
            .ok());
    EXPECT_EQ(::listen(socket->get(), backlog), 0);
    return *std::move(socket);
  }
  int Connect(int socket, const std::string& name) {
    const base::UniqueFd file = directory_.Open(name, O_PATH | O_NOFOLLOW);
    const auto connected = ConnectToFile(proc_, socket, file.get());
    return connected.ok() ? 0 : connected.error().number();
  }

  const TempDirectory directory_;
  const ProcSelfFd proc_{*ProcSelfFd::OpenDirectory()};
};

TEST_F(UnixFileTest, MakesSocketsOfThreePlainTypesOnly) {
  for (const uint32_t type : {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET}) {
    EXPECT_TRUE(MakeUnixSocket(type).ok());
  }
  for (const uint32_t type :
       {uint32_t{0}, uint32_t{SOCK_RAW}, uint32_t{SOCK_STREAM | SOCK_NONBLOCK},
        ~uint32_t{0}}) {
    const auto socket = MakeUnixSocket(type);
    ASSERT_FALSE(socket.ok());
    EXPECT_EQ(socket.error(), base::Errno(ENXIO));
  }
}

TEST_F(UnixFileTest, BindsAndConnects) {
  const base::UniqueFd listener = Listen("s", 1);
  EXPECT_TRUE(S_ISSOCK(directory_.Stat("s").st_mode));
  const auto client = MakeUnixSocket(SOCK_STREAM);
  EXPECT_EQ(Connect(client->get(), "s"), 0);
  EXPECT_NE(::fcntl(client->get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(UnixFileTest, BindsTheLongestNameThatAnAddressHolds) {
  const auto bind = [&](size_t length) {
    const auto socket = MakeUnixSocket(SOCK_STREAM);
    const auto bound = BindInDirectory(proc_, socket->get(), Directory().get(),
                                       std::string(length, 's').c_str());
    return bound.ok() ? 0 : bound.error().number();
  };
  EXPECT_EQ(bind(107), 0);
  EXPECT_EQ(bind(108), EINVAL);
}

TEST_F(UnixFileTest, TakenNameIsNotReplaced) {
  directory_.MakeSymlink("s", "elsewhere");
  const auto socket = MakeUnixSocket(SOCK_STREAM);
  const auto bound =
      BindInDirectory(proc_, socket->get(), Directory().get(), "s");
  ASSERT_FALSE(bound.ok());
  EXPECT_EQ(bound.error(), base::Errno(EADDRINUSE));
  EXPECT_FALSE(directory_.Has("elsewhere"));
}

TEST_F(UnixFileTest, SymlinkToASocketIsNotFollowed) {
  const base::UniqueFd listener = Listen("s", 1);
  directory_.MakeSymlink("ln", "s");
  const auto client = MakeUnixSocket(SOCK_STREAM);
  EXPECT_NE(Connect(client->get(), "ln"), 0);
}

TEST_F(UnixFileTest, ConnectFailsOnWrongTypeAndWithoutListener) {
  const base::UniqueFd listener = Listen("s", 1);
  const auto datagram = MakeUnixSocket(SOCK_DGRAM);
  EXPECT_EQ(Connect(datagram->get(), "s"), EPROTOTYPE);
  directory_.MakeFile("f");
  const auto client = MakeUnixSocket(SOCK_STREAM);
  EXPECT_EQ(Connect(client->get(), "f"), ECONNREFUSED);
}

// A service that does not accept must not hold the caller, and its locks, up.
TEST_F(UnixFileTest, FullQueueDoesNotBlockForEver) {
  const base::UniqueFd listener = Listen("s", 0);
  std::vector<base::UniqueFd> clients;
  int error = 0;
  for (int i = 0; i < 16 && error == 0; ++i) {
    auto client = MakeUnixSocket(SOCK_STREAM);
    error = Connect(client->get(), "s");
    EXPECT_NE(::fcntl(client->get(), F_GETFL) & O_NONBLOCK, 0);
    clients.push_back(*std::move(client));
  }
  EXPECT_EQ(error, EAGAIN);
}

}  // namespace
}  // namespace gofer::hostfs
