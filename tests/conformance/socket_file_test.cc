// Rows 157 to 166 of rows.md: socket files.

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "tests/conformance/conformance_test.h"

namespace gofer::test {
namespace {

class SocketFileTest : public ConformanceTest {};

TEST_P(SocketFileTest, Row157_ConnectToSomethingElseIsEnotsock) {
  EXPECT_EQ(c_.Connect(To({"fifo"}), SOCK_STREAM).error, ENOTSOCK);
  EXPECT_EQ(c_.Connect(To({"f"}), SOCK_STREAM).error, ENOTSOCK);
  EXPECT_EQ(c_.Connect(kUnknown, SOCK_STREAM).error, EBADF);
}

TEST_P(SocketFileTest, Row158_ConnectTakesTheSocketsOwnTypeOnly) {
  tree().MakeSocket("/scratch/sock");
  const FdId sock = To({"sock"});
  EXPECT_EQ(c_.Connect(sock, 0).error, ENXIO);
  EXPECT_EQ(c_.Connect(sock, SOCK_STREAM | SOCK_NONBLOCK).error, ENXIO);
  EXPECT_EQ(c_.Connect(sock, SOCK_DGRAM).error, EPROTOTYPE);
  const auto connected = c_.Connect(sock, SOCK_STREAM);
  EXPECT_EQ(connected.error, 0);
  EXPECT_EQ(connected.fds.size(), 1u);
  EXPECT_TRUE(connected.payload.empty());
}

TEST_P(SocketFileTest, Row158_ConnectWithCredsWorksByLevel) {
  tree().MakeSocket("/scratch/sock");
  const auto connected =
      c_.ConnectWithCreds(To({"sock"}), SOCK_STREAM, lisafs::Owner());
  EXPECT_EQ(connected.error, aug2026() ? 0 : EOPNOTSUPP);
  EXPECT_EQ(connected.fds.size(), aug2026() ? 1u : 0u);
}

TEST_P(SocketFileTest, Row159_SocketsNeedPermission) {
  tree().MakeSocket("/scratch/sock");
  ClientOptions options = Options();
  options.policy.connect_sockets = false;
  options.policy.create_sockets = false;
  Session other = NewSession(options);
  EXPECT_EQ(other->BindAt(other.root, "s", SOCK_STREAM).error, EPERM);
  const FdId sock = other->To(other.root, {"sock"});
  EXPECT_EQ(other->Connect(sock, SOCK_STREAM).error, EPERM);
  EXPECT_EQ(other->OpenAt(sock, 0).error, EPERM);
}

TEST_P(SocketFileTest, Row160_RefusedBindMakesNoFile) {
  EXPECT_EQ(c_.BindAt(root_, std::string(108, 's'), SOCK_STREAM).error, EINVAL);
  EXPECT_EQ(c_.BindAt(root_, "f", SOCK_STREAM).error, EADDRINUSE);
  EXPECT_EQ(c_.BindAt(root_, "s", 0).error, ENXIO);
  EXPECT_EQ(c_.BindAt(root_, "..", SOCK_STREAM).error, EINVAL);
  EXPECT_FALSE(tree().Look("/scratch/s").has_value());
}

TEST_P(SocketFileTest, Row161_ControlFdIsThatOfTheFile) {
  const auto bound = c_.BindAt(root_, "s", SOCK_STREAM, 0640);
  ASSERT_EQ(bound.error, 0);
  EXPECT_EQ(bound.fds.size(), 1u);
  EXPECT_EQ(bound->child.stat.mode, S_IFSOCK | 0640);
  EXPECT_EQ(static_cast<uint64_t>(bound->child.control_fd) + 1,
            static_cast<uint64_t>(bound->bound_socket_fd));
  const auto stat = c_.FStat(bound->child.control_fd);
  EXPECT_EQ(stat->ino, bound->child.stat.ino);
  EXPECT_EQ(stat->ino, tree().Look("/scratch/s")->ino);
}

TEST_P(SocketFileTest, Row162_AcceptDoesNotWait) {
  const auto bound = c_.BindAt(root_, "s", SOCK_STREAM);
  ASSERT_EQ(bound.error, 0);
  const FdId fd = bound->bound_socket_fd;
  EXPECT_EQ(c_.Accept(fd).error, EINVAL);
  EXPECT_EQ(c_.Listen(fd).error, 0);
  EXPECT_EQ(c_.Accept(fd).error, EAGAIN);
  const auto peer = c_.Connect(bound->child.control_fd, SOCK_STREAM);
  ASSERT_EQ(peer.error, 0);
  // The donated copy tells when to accept.
  pollfd ready = {bound.fds[0].get(), POLLIN, 0};
  EXPECT_EQ(::poll(&ready, 1, 5000), 1);
  const auto accepted = c_.Accept(fd);
  EXPECT_EQ(accepted.error, 0);
  EXPECT_EQ(accepted->peer_addr, "");
  ASSERT_EQ(accepted.fds.size(), 1u);
  EXPECT_EQ(::send(peer.fds[0].get(), "hi", 2, 0), 2);
  char text[3] = {};
  EXPECT_EQ(::recv(accepted.fds[0].get(), text, 2, 0), 2);
  EXPECT_STREQ(text, "hi");
}

TEST_P(SocketFileTest, Row163_DatagramSocketsDoNotListen) {
  const auto bound = c_.BindAt(root_, "s", SOCK_DGRAM);
  ASSERT_EQ(bound.error, 0);
  EXPECT_EQ(c_.Listen(bound->bound_socket_fd).error, EOPNOTSUPP);
  EXPECT_EQ(c_.Accept(bound->bound_socket_fd).error, EOPNOTSUPP);
}

TEST_P(SocketFileTest, Row164_BoundSocketHasNoStat) {
  const auto bound = c_.BindAt(root_, "s", SOCK_STREAM);
  EXPECT_EQ(c_.FStat(bound->bound_socket_fd).error, EREMOTEIO);
  EXPECT_EQ(c_.FStat(root_).error, 0);
}

TEST_P(SocketFileTest, Row165_UnlinkedSocketIsRefused) {
  const auto bound = c_.BindAt(root_, "s", SOCK_STREAM);
  ASSERT_EQ(c_.UnlinkAt(root_, "s").error, 0);
  EXPECT_EQ(c_.Listen(bound->bound_socket_fd).error, EINVAL);
  EXPECT_EQ(c_.Accept(bound->bound_socket_fd).error, EINVAL);
  EXPECT_EQ(c_.Connect(bound->child.control_fd, SOCK_STREAM).error, EINVAL);
}

TEST_P(SocketFileTest, Row166_OnlyBoundSocketsListen) {
  const auto bound = c_.BindAt(root_, "s", SOCK_STREAM);
  const FdId control = bound->child.control_fd;
  EXPECT_EQ(c_.Listen(control).error, EINVAL);
  EXPECT_EQ(c_.Accept(control).error, EINVAL);
  EXPECT_EQ(c_.Listen(kUnknown).error, EBADF);
  EXPECT_EQ(c_.Accept(kUnknown).error, EBADF);
}

INSTANTIATE_TEST_SUITE_P(All, SocketFileTest, testing::ValuesIn(AllSettings()),
                         NameOfSetting);

}  // namespace
}  // namespace gofer::test
