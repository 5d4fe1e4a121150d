#include "server/uds/unix_socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>

namespace gofer::uds {
namespace {

TEST(UnixSocketTest, PairIsConnectedAndCloseOnExec) {
  for (const SocketType type : {SocketType::kStream, SocketType::kSeqPacket}) {
    const auto pair = MakeSocketPair(type);
    ASSERT_TRUE(pair.ok());
    EXPECT_TRUE(CheckConnected(pair->first.get(), type).ok());
    EXPECT_TRUE(CheckConnected(pair->second.get(), type).ok());
    EXPECT_EQ(::fcntl(pair->first.get(), F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(::fcntl(pair->second.get(), F_GETFL) & O_NONBLOCK, 0);
  }
}

TEST(UnixSocketTest, PeerThatHungUpStillCountsAsConnected) {
  auto pair = MakeSocketPair(SocketType::kStream);
  ASSERT_TRUE(pair.ok());
  pair->second.reset();
  EXPECT_TRUE(CheckConnected(pair->first.get(), SocketType::kStream).ok());
}

TEST(UnixSocketTest, ErrorNamesTheKindOfDescriptor) {
  const auto check = [](const base::UniqueFd& fd) {
    return CheckConnected(fd.get(), SocketType::kStream).error().number();
  };
  EXPECT_EQ(check(base::UniqueFd()), EBADF);
  EXPECT_EQ(check(base::UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC))),
            ENOTSOCK);
  EXPECT_EQ(check(base::UniqueFd(::open("/", O_PATH | O_CLOEXEC))), EBADF);
  EXPECT_EQ(
      check(base::UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))),
      EAFNOSUPPORT);
  EXPECT_EQ(check(MakeSocketPair(SocketType::kSeqPacket)->first), EPROTOTYPE);
  EXPECT_EQ(
      check(base::UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))),
      ENOTCONN);
}

TEST(UnixSocketTest, RefusesAListeningSocket) {
  const base::UniqueFd listener(
      ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  // An empty name makes the kernel choose one.
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address),
                   sizeof(address.sun_family)),
            0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  EXPECT_EQ(CheckConnected(listener.get(), SocketType::kStream).error(),
            base::Errno(EOPNOTSUPP));
}

}  // namespace
}  // namespace gofer::uds
