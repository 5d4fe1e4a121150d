// Sockets of HostBackend.

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/hostfs/unix_file.h"
#include "tests/unit/server/hostfs/host_backend_fixture.h"

namespace gofer::hostfs {
namespace {

using lisafs::ProtocolLevel;
using testing::SizeIs;
using wire::MessageId;

class HostBackendSocketTest : public HostBackendTest {
 protected:
  base::ErrnoOr<wire::BindAtResp> Bind(absl::string_view name,
                                       uint32_t type = SOCK_STREAM) {
    return session_->Get<wire::BindAtResp>(
        MessageId::kBindAt,
        wire::BindAtReq{
            .common = In(root_, 0640), .sock_type = type, .name = name});
  }
  int Connect(wire::FdId fd, uint32_t type = SOCK_STREAM) {
    return ErrorOf(session_->Call(
        MessageId::kConnect, wire::ConnectReq{.fd = fd, .sock_type = type}));
  }
  int Listen(wire::FdId fd) {
    return ErrorOf(session_->Call(MessageId::kListen,
                                  wire::ListenReq{.fd = fd, .backlog = 4}));
  }
  int Accept(wire::FdId fd) {
    return ErrorOf(
        session_->Call(MessageId::kAccept, wire::AcceptReq{.fd = fd}));
  }
  // A server of the host's.
  base::UniqueFd HostListener(const std::string& name) {
    auto socket = MakeUnixSocket(SOCK_STREAM);
    const ProcSelfFd proc(*ProcSelfFd::OpenDirectory());
    const base::UniqueFd directory = directory_.Open("", O_PATH);
    EXPECT_TRUE(
        BindInDirectory(proc, socket->get(), directory.get(), name.c_str())
            .ok());
    EXPECT_EQ(::listen(socket->get(), 4), 0);
    return *std::move(socket);
  }
};

TEST_F(HostBackendSocketTest, BoundSocketListensAndAcceptsAConnection) {
  Start();
  const auto bound = Bind("s");
  ASSERT_TRUE(bound.ok());
  ASSERT_THAT(session_->fds(), SizeIs(1));
  EXPECT_NE(::fcntl(session_->fds()[0].get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(directory_.Stat("s").st_mode, mode_t{S_IFSOCK | 0640});
  EXPECT_EQ(Accept(bound->bound_socket_fd), EINVAL);
  EXPECT_EQ(Listen(bound->bound_socket_fd), 0);
  EXPECT_EQ(Accept(bound->bound_socket_fd), EAGAIN);
  ASSERT_EQ(Connect(bound->child.control_fd), 0);
  ASSERT_THAT(session_->fds(), SizeIs(1));
  const base::UniqueFd client = std::move(session_->fds()[0]);
  EXPECT_NE(::fcntl(client.get(), F_GETFL) & O_NONBLOCK, 0);
  ASSERT_EQ(Accept(bound->bound_socket_fd), 0);
  ASSERT_THAT(session_->fds(), SizeIs(1));
  ASSERT_EQ(::send(session_->fds()[0].get(), "x", 1, 0), 1);
  char byte = 0;
  EXPECT_EQ(::recv(client.get(), &byte, 1, 0), 1);
}

// Through the copy that it polls. What happens if it does so at the very moment
// is in tests/unit/server/lisafs/blocked_accept_test.cc.
TEST_F(HostBackendSocketTest, SocketThatTheClientMadeBlockingIsNotWaitedFor) {
  Start();
  const auto bound = Bind("s");
  ASSERT_TRUE(bound.ok());
  ASSERT_THAT(session_->fds(), SizeIs(1));
  const base::UniqueFd donated = std::move(session_->fds()[0]);
  ASSERT_EQ(Listen(bound->bound_socket_fd), 0);
  ASSERT_EQ(::fcntl(donated.get(), F_SETFL, O_RDWR), 0);
  EXPECT_EQ(Accept(bound->bound_socket_fd), EAGAIN);
}

// The reference mixes the socket and its file up.
TEST_F(HostBackendSocketTest, ControlFdIsOfTheFile) {
  Start();
  const auto bound = Bind("s");
  ASSERT_TRUE(bound.ok());
  const auto stat = session_->FStat(bound->child.control_fd);
  ASSERT_TRUE(stat.ok());
  EXPECT_EQ(stat->ino, bound->child.stat.ino);
  EXPECT_EQ(stat->ino, directory_.Stat("s").st_ino);
}

TEST_F(HostBackendSocketTest, PermissionIsCheckedFirst) {
  const base::UniqueFd listener = HostListener("s");
  host_options_.host_uds = HostUds::kNone;
  Start();
  EXPECT_EQ(Connect(WalkTo("s"), 0), EPERM);
  EXPECT_EQ(ErrorOf(session_->Open(WalkTo("s"), O_RDONLY)), EPERM);
  EXPECT_EQ(ErrorOf(Bind(std::string(200, 'x'), 0)), EPERM);
}

TEST_F(HostBackendSocketTest, PermissionsToOpenAndToCreateAreSeparate) {
  const base::UniqueFd listener = HostListener("s");
  host_options_.host_uds = HostUds::kOpen;
  Start();
  EXPECT_EQ(Connect(WalkTo("s")), 0);
  EXPECT_EQ(ErrorOf(Bind("t")), EPERM);
  host_options_.host_uds = HostUds::kCreate;
  Start();
  EXPECT_EQ(Connect(WalkTo("s")), EPERM);
  EXPECT_EQ(ErrorOf(Bind("t")), 0);
}

TEST_F(HostBackendSocketTest, RefusesOddTypesAndTakenNames) {
  const base::UniqueFd listener = HostListener("s");
  Start();
  EXPECT_EQ(Connect(WalkTo("s"), 0), ENXIO);
  EXPECT_EQ(Connect(WalkTo("s"), SOCK_STREAM | SOCK_NONBLOCK), ENXIO);
  EXPECT_EQ(Connect(WalkTo("s"), SOCK_DGRAM), EPROTOTYPE);
  EXPECT_EQ(ErrorOf(session_->Open(WalkTo("s"), O_RDONLY)), ENXIO);
  EXPECT_EQ(ErrorOf(Bind("s")), EADDRINUSE);
  EXPECT_EQ(ErrorOf(Bind("t", 0)), ENXIO);
  EXPECT_FALSE(directory_.Has("t"));
}

TEST_F(HostBackendSocketTest, PathLimitCountsTheWholePathInTheTree) {
  Start();
  EXPECT_EQ(ErrorOf(Bind(std::string(106, 'a'))), 0);
  EXPECT_EQ(ErrorOf(Bind(std::string(107, 'b'))), EINVAL);
  directory_.MakeDirectory("d");
  Start("/d");
  EXPECT_EQ(ErrorOf(Bind(std::string(104, 'a'))), 0);
  EXPECT_EQ(ErrorOf(Bind(std::string(105, 'b'))), EINVAL);
}

TEST_F(HostBackendSocketTest, ServiceThatWasStartedAgainIsFound) {
  base::UniqueFd listener = HostListener("s");
  Start();
  const wire::FdId control = WalkTo("s");
  ASSERT_EQ(::unlink(directory_.Path("s").c_str()), 0);
  EXPECT_EQ(Connect(control), ENOENT);
  listener = HostListener("s");
  EXPECT_EQ(Connect(control), 0);
}

// The host's directory turned into a symlink while the client had it walked.
TEST_F(HostBackendSocketTest, AncestorReplacedByASymlinkIsNotFollowed) {
  const TempDirectory outside;
  directory_.MakeDirectory("d");
  const auto old = MakeUnixSocket(SOCK_STREAM);
  const auto secret = MakeUnixSocket(SOCK_STREAM);
  const ProcSelfFd proc(*ProcSelfFd::OpenDirectory());
  ASSERT_TRUE(
      BindInDirectory(proc, old->get(), directory_.Open("d", O_PATH).get(), "s")
          .ok());
  ASSERT_TRUE(
      BindInDirectory(proc, secret->get(), outside.Open("", O_PATH).get(), "s")
          .ok());
  ASSERT_EQ(::listen(secret->get(), 1), 0);
  Start();
  const auto inode = session_->Walk(WalkTo("d"), "s");
  ASSERT_TRUE(inode.ok());
  ASSERT_EQ(
      ::rename(directory_.Path("d").c_str(), directory_.Path("moved").c_str()),
      0);
  directory_.MakeSymlink("d", outside.path());
  EXPECT_NE(Connect(inode->control_fd), 0);
  EXPECT_THAT(session_->fds(), SizeIs(0));
}

TEST_F(HostBackendSocketTest, SetStatOfASocketFileSetsTheModeOnly) {
  Start();
  const auto bound = Bind("s");
  ASSERT_TRUE(bound.ok());
  const auto changed =
      session_->SetStat({.fd = bound->child.control_fd,
                         .mask = STATX_MODE | STATX_ATIME | STATX_MTIME,
                         .mode = 0611});
  ASSERT_TRUE(changed.ok());
  EXPECT_EQ(changed->failure_mask, uint32_t{STATX_ATIME | STATX_MTIME});
  EXPECT_EQ(changed->failure_errno, uint32_t{EBADF});
  EXPECT_EQ(directory_.Stat("s").st_mode & 07777u, 0611u);
  const auto sized = session_->SetStat(
      {.fd = bound->child.control_fd, .mask = STATX_SIZE, .size = 1});
  ASSERT_TRUE(sized.ok());
  EXPECT_EQ(sized->failure_errno, uint32_t{ENXIO});
}

TEST_F(HostBackendSocketTest, ServerSeesWhomTheClientNamed) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs CAP_SETUID";
  const base::UniqueFd listener = HostListener("s");
  ASSERT_EQ(::chmod(directory_.Path("s").c_str(), 0666), 0);
  ASSERT_EQ(::chmod(directory_.path().c_str(), 0755), 0);
  SetLevel(ProtocolLevel::kAug2026);
  Start();
  const auto connect_as = [&](uint32_t uid, uint32_t gid) {
    return ErrorOf(
        session_->Call(MessageId::kConnectWithCreds,
                       wire::ConnectWithCredsReq{.fd = WalkTo("s"),
                                                 .sock_type = SOCK_STREAM,
                                                 .uid = uid,
                                                 .gid = gid}));
  };
  const auto peer = [&] {
    const base::UniqueFd accepted(::accept(listener.get(), nullptr, nullptr));
    ucred creds = {};
    socklen_t size = sizeof(creds);
    EXPECT_EQ(
        ::getsockopt(accepted.get(), SOL_SOCKET, SO_PEERCRED, &creds, &size),
        0);
    return std::pair(creds.uid, creds.gid);
  };
  ASSERT_EQ(connect_as(1234, 4321), 0);
  EXPECT_EQ(peer(), std::pair(uid_t{1234}, gid_t{4321}));
  // The same thread is itself again.
  ASSERT_EQ(connect_as(wire::kNoId, wire::kNoId), 0);
  EXPECT_EQ(peer(), std::pair(uid_t{0}, gid_t{0}));
  // And the named user's permissions count.
  ASSERT_EQ(::chmod(directory_.Path("s").c_str(), 0600), 0);
  EXPECT_EQ(connect_as(1234, 4321), EACCES);
  ASSERT_EQ(connect_as(0, 0), 0);
}

}  // namespace
}  // namespace gofer::hostfs
