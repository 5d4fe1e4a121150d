#include "clients/lisafs/control_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/fs.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "clients/lisafs/client.h"
#include "tests/unit/clients/lisafs/fake_server.h"

namespace gofer::client {
namespace {

using test::Answer;
using test::FakeReply;
using test::FakeRequest;
using test::FakeServer;
using test::MakeInode;
using testing::ElementsAre;
using testing::SizeIs;
using testing::UnorderedElementsAre;
using wire::FdId;
using wire::MessageId;
using wire::WalkStatus;

class ControlFileTest : public testing::Test {
 protected:
  ControlFileTest() : client_(*Client::Mount(server_.TakeClientEnd())) {}

  const ControlFile& root() const { return client_.root(); }

  void AnswerWalk(WalkStatus status, std::vector<wire::Inode> inodes) {
    server_.On(MessageId::kWalk, [=](const FakeRequest&) {
      return Answer(MessageId::kWalk,
                    wire::WalkResp{.status = status, .inodes = inodes});
    });
  }
  template <class Response>
  void AnswerAlways(MessageId id, Response response) {
    server_.On(id, [=](const FakeRequest&) { return Answer(id, response); });
  }
  std::vector<FdId> ClosedIds() {
    EXPECT_TRUE(client_.FlushCloses().ok());
    return server_.ClosedIds();
  }
  template <class Request>
  Request Sent(MessageId id) {
    sent_ = server_.RequestsOf(id).back();
    return *wire::Decode<Request>(sent_.payload);
  }

  FakeRequest sent_;
  FakeServer server_;
  Client client_;
};

TEST_F(ControlFileTest, WalkReturnsTheChild) {
  AnswerWalk(WalkStatus::kSuccess, {MakeInode(7, S_IFREG | 0600)});
  {
    const auto file = root().Walk("a");
    ASSERT_TRUE(file.ok());
    EXPECT_EQ(file->id(), FdId{7});
    EXPECT_EQ(file->found_stat().mode, S_IFREG | 0600);
  }
  EXPECT_THAT(ClosedIds(), ElementsAre(FdId{7}));
}

TEST_F(ControlFileTest, WalkSaysWhyThereIsNoChild) {
  AnswerWalk(WalkStatus::kComponentDoesNotExist, {});
  EXPECT_EQ(root().Walk("a").error(), base::Errno(ENOENT));
  AnswerWalk(WalkStatus::kComponentSymlink, {});
  EXPECT_EQ(root().Walk("a").error(), base::Errno(ENOTDIR));
  AnswerWalk(WalkStatus::kSuccess, {});
  EXPECT_EQ(root().Walk("a").error(), base::Errno(ENOENT));
}

TEST_F(ControlFileTest, WalkThatFindsMoreThanWasAskedForClosesAll) {
  AnswerWalk(WalkStatus::kSuccess,
             {MakeInode(7, S_IFDIR), MakeInode(8, S_IFDIR)});
  EXPECT_EQ(root().Walk("a").error(), base::Errno(EIO));
  EXPECT_THAT(ClosedIds(), UnorderedElementsAre(FdId{7}, FdId{8}));
}

TEST_F(ControlFileTest, WalkWithAnUnknownStatusClosesAll) {
  AnswerWalk(static_cast<WalkStatus>(3), {MakeInode(7, S_IFDIR)});
  EXPECT_EQ(root().Walk("a").error(), base::Errno(EIO));
  EXPECT_THAT(ClosedIds(), ElementsAre(FdId{7}));
}

TEST_F(ControlFileTest, WalkToAFileWithoutAttributesClosesAll) {
  wire::Inode bare = MakeInode(8, S_IFREG);
  bare.stat.mask &= ~uint32_t{STATX_SIZE};
  AnswerWalk(WalkStatus::kSuccess,
             {MakeInode(7, S_IFDIR), bare, MakeInode(9, S_IFDIR)});
  const std::vector<absl::string_view> names = {"a", "b", "c"};
  EXPECT_EQ(root().WalkMultiple(names).error(), base::Errno(EIO));
  EXPECT_THAT(ClosedIds(), UnorderedElementsAre(FdId{7}, FdId{8}, FdId{9}));
}

TEST_F(ControlFileTest, WalkMultipleReturnsWhatExists) {
  AnswerWalk(WalkStatus::kComponentDoesNotExist, {MakeInode(7, S_IFDIR)});
  const std::vector<absl::string_view> names = {"a", "b"};
  const auto walked = root().WalkMultiple(names);
  ASSERT_TRUE(walked.ok());
  EXPECT_THAT(walked->files, SizeIs(1));
  EXPECT_EQ(walked->status, WalkStatus::kComponentDoesNotExist);
  EXPECT_THAT(Sent<wire::WalkReq>(MessageId::kWalk).path,
              ElementsAre("a", "b"));
}

TEST_F(ControlFileTest, WalkPathSplitsAtSlashes) {
  AnswerWalk(WalkStatus::kSuccess,
             {MakeInode(7, S_IFDIR), MakeInode(8, S_IFDIR)});
  {
    const auto file = root().WalkPath("/a//./b/");
    ASSERT_TRUE(file.ok());
    EXPECT_EQ(file->id(), FdId{8});
  }
  EXPECT_THAT(Sent<wire::WalkReq>(MessageId::kWalk).path,
              ElementsAre("a", "b"));
  EXPECT_THAT(ClosedIds(), UnorderedElementsAre(FdId{7}, FdId{8}));
}

TEST_F(ControlFileTest, WalkPathSaysWhatIsInTheWay) {
  EXPECT_EQ(root().WalkPath("/a/../b").error(), base::Errno(EINVAL));
  EXPECT_EQ(root().WalkPath("/").error(), base::Errno(EINVAL));
  EXPECT_EQ(server_.Count(MessageId::kWalk), 0u);
  AnswerWalk(WalkStatus::kComponentSymlink, {MakeInode(7, S_IFLNK)});
  EXPECT_EQ(root().WalkPath("/a/b").error(), base::Errno(ELOOP));
  AnswerWalk(WalkStatus::kComponentDoesNotExist, {MakeInode(7, S_IFDIR)});
  EXPECT_EQ(root().WalkPath("/a/b").error(), base::Errno(ENOENT));
}

TEST_F(ControlFileTest, WalkStatReturnsAttributesOnly) {
  const std::vector<wire::Statx> stats = {{.mode = S_IFDIR}, {.mode = S_IFREG}};
  AnswerAlways(MessageId::kWalkStat, wire::WalkStatResp{.stats = stats});
  const std::vector<absl::string_view> names = {"", "a"};
  const auto found = root().WalkStat(names);
  ASSERT_TRUE(found.ok());
  ASSERT_THAT(*found, SizeIs(2));
  EXPECT_EQ((*found)[1].mode, S_IFREG);
  EXPECT_EQ(root().WalkStat({}).error(), base::Errno(EIO));
}

TEST_F(ControlFileTest, SetStatSendsWhatIsSetAndSaysWhatFailed) {
  AnswerAlways(MessageId::kSetStat, wire::SetStatResp{.failure_mask = STATX_UID,
                                                      .failure_errno = EPERM});
  const auto failure = root().SetStat(
      {.mode = 0600, .uid = 0, .mtime = wire::Timespec{.sec = 9}});
  ASSERT_TRUE(failure.ok());
  EXPECT_EQ(failure->mask, uint32_t{STATX_UID});
  EXPECT_EQ(failure->error, uint32_t{EPERM});
  const auto sent = Sent<wire::SetStatReq>(MessageId::kSetStat);
  EXPECT_EQ(sent.mask, uint32_t{STATX_MODE | STATX_UID | STATX_MTIME});
  EXPECT_EQ(sent.mode, 0600u);
  EXPECT_EQ(sent.uid, 0u);
  EXPECT_EQ(sent.gid, wire::kNoId);
  EXPECT_EQ(sent.mtime.sec, 9);
}

TEST_F(ControlFileTest, OpenSendsOnlyTheFlagsThatCount) {
  AnswerAlways(MessageId::kOpenAt, wire::OpenAtResp{.open_fd = FdId{9}});
  {
    const auto file = root().Open(O_RDWR | O_TRUNC | O_CREAT | O_CLOEXEC);
    ASSERT_TRUE(file.ok());
    EXPECT_EQ(file->id(), FdId{9});
    EXPECT_EQ(file->host_fd(), -1);
  }
  EXPECT_EQ(Sent<wire::OpenAtReq>(MessageId::kOpenAt).flags,
            uint32_t{O_RDWR | O_TRUNC});
  EXPECT_THAT(ClosedIds(), ElementsAre(FdId{9}));
}

TEST_F(ControlFileTest, OpenWithoutAnFdIsRefusedAndItsDonationClosed) {
  test::TrackedFd tracked;
  server_.On(MessageId::kOpenAt, [&](const FakeRequest&) {
    FakeReply reply = Answer(MessageId::kOpenAt, wire::OpenAtResp{});
    reply.fds.push_back(tracked.Copy());
    return reply;
  });
  EXPECT_EQ(root().Open(O_RDONLY).error(), base::Errno(EIO));
  EXPECT_FALSE(tracked.IsOpenElsewhere());
}

TEST_F(ControlFileTest, OpenCreateReturnsFileAndOpenFile) {
  AnswerAlways(MessageId::kOpenCreateAt,
               wire::OpenCreateAtResp{.child = MakeInode(7, S_IFREG),
                                      .open_fd = FdId{8}});
  {
    const auto created =
        root().OpenCreate("f", O_WRONLY | O_TRUNC, {.mode = 0640});
    ASSERT_TRUE(created.ok());
    EXPECT_EQ(created->file.id(), FdId{7});
    EXPECT_EQ(created->open.id(), FdId{8});
  }
  const auto sent = Sent<wire::OpenCreateAtReq>(MessageId::kOpenCreateAt);
  EXPECT_EQ(sent.flags, uint32_t{O_WRONLY});
  EXPECT_EQ(sent.common.mode, 0640);
  EXPECT_EQ(sent.common.uid, wire::kNoId);
  EXPECT_EQ(sent.name, "f");
  EXPECT_THAT(ClosedIds(), UnorderedElementsAre(FdId{7}, FdId{8}));
}

TEST_F(ControlFileTest, OpenCreateWithABadChildClosesTheOpenFile) {
  AnswerAlways(MessageId::kOpenCreateAt,
               wire::OpenCreateAtResp{.open_fd = FdId{8}});
  EXPECT_EQ(root().OpenCreate("f", O_RDWR).error(), base::Errno(EIO));
  EXPECT_THAT(ClosedIds(), ElementsAre(FdId{8}));
}

TEST_F(ControlFileTest, RenameFlagsNeedTheirMessage) {
  AnswerAlways(MessageId::kRenameAt, wire::EmptyMessage{});
  AnswerAlways(MessageId::kRenameAt2, wire::EmptyMessage{});
  EXPECT_TRUE(root().RenameAt2("a", root(), "b", 0).ok());
  EXPECT_EQ(server_.Count(MessageId::kRenameAt), 1u);
  EXPECT_TRUE(root().RenameAt2("a", root(), "b", RENAME_EXCHANGE).ok());
  EXPECT_EQ(Sent<wire::RenameAt2Req>(MessageId::kRenameAt2).flags,
            uint32_t{RENAME_EXCHANGE});

  FakeServer old;
  old.set_supported({1, 9, 23});
  const Client client = *Client::Mount(old.TakeClientEnd());
  EXPECT_EQ(
      client.root().RenameAt2("a", client.root(), "b", RENAME_EXCHANGE).error(),
      base::Errno(EINVAL));
}

TEST_F(ControlFileTest, UnlinkSaysWhatItRemoves) {
  AnswerAlways(MessageId::kUnlinkAt, wire::EmptyMessage{});
  ASSERT_TRUE(root().Unlink("f", ControlFile::Removal::kFile).ok());
  EXPECT_EQ(Sent<wire::UnlinkAtReq>(MessageId::kUnlinkAt).flags, 0u);
  ASSERT_TRUE(root().Unlink("d", ControlFile::Removal::kDirectory).ok());
  EXPECT_EQ(Sent<wire::UnlinkAtReq>(MessageId::kUnlinkAt).flags, 0x200u);
}

TEST_F(ControlFileTest, MknodAndSymlinkAndLinkReturnTheirInodes) {
  AnswerAlways(MessageId::kMknodAt,
               wire::MknodAtResp{.child = MakeInode(7, S_IFIFO)});
  AnswerAlways(MessageId::kSymlinkAt,
               wire::SymlinkAtResp{.child = MakeInode(8, S_IFLNK)});
  AnswerAlways(MessageId::kLinkAt,
               wire::LinkAtResp{.child = MakeInode(9, S_IFREG)});
  const auto fifo =
      root().Mknod("p", {.mode = S_IFIFO | 0600, .owner = {1, 2}}, {8, 1});
  ASSERT_TRUE(fifo.ok());
  const auto sent = Sent<wire::MknodAtReq>(MessageId::kMknodAt);
  EXPECT_EQ(sent.common.uid, 1u);
  EXPECT_EQ(sent.common.gid, 2u);
  EXPECT_EQ(sent.major_number, 8u);
  EXPECT_EQ(sent.minor_number, 1u);
  EXPECT_EQ(root().Symlink("s", "target")->id(), FdId{8});
  EXPECT_EQ(Sent<wire::SymlinkAtReq>(MessageId::kSymlinkAt).target, "target");
  EXPECT_EQ(root().Link("l", *fifo)->id(), FdId{9});
  EXPECT_EQ(Sent<wire::LinkAtReq>(MessageId::kLinkAt).target_fd, FdId{7});
}

TEST_F(ControlFileTest, StringsComeBackWhole) {
  const std::string target("a\0b", 3);
  AnswerAlways(MessageId::kReadLinkAt, wire::ReadLinkAtResp{.target = target});
  EXPECT_EQ(*root().ReadLink(), target);
  AnswerAlways(MessageId::kFGetXattr, wire::FGetXattrResp{.value = "value"});
  EXPECT_EQ(*root().GetXattr("user.a", 10), "value");
  const std::vector<absl::string_view> names = {"user.a", "user.b"};
  AnswerAlways(MessageId::kFListXattr, wire::FListXattrResp{.names = names});
  EXPECT_THAT(*root().ListXattr(), ElementsAre("user.a", "user.b"));
}

TEST_F(ControlFileTest, XattrsCanBeSetAndRemoved) {
  AnswerAlways(MessageId::kFSetXattr, wire::EmptyMessage{});
  AnswerAlways(MessageId::kFRemoveXattr, wire::EmptyMessage{});
  EXPECT_TRUE(root().SetXattr("user.a", "v", 1).ok());
  EXPECT_EQ(Sent<wire::FSetXattrReq>(MessageId::kFSetXattr).value, "v");
  EXPECT_TRUE(root().RemoveXattr("user.a").ok());
  EXPECT_EQ(Sent<wire::FRemoveXattrReq>(MessageId::kFRemoveXattr).name,
            "user.a");
}

TEST_F(ControlFileTest, AForgottenSocketIsAnError) {
  AnswerAlways(MessageId::kConnect, wire::EmptyMessage{});
  AnswerAlways(MessageId::kConnectWithCreds, wire::EmptyMessage{});
  EXPECT_EQ(root().Connect(SOCK_STREAM).error(), base::Errno(EBADF));
  EXPECT_EQ(root().ConnectAs(SOCK_STREAM, {1, 2}).error(), base::Errno(EBADF));
  AnswerAlways(MessageId::kBindAt,
               wire::BindAtResp{.child = MakeInode(7, S_IFSOCK),
                                .bound_socket_fd = FdId{8}});
  EXPECT_EQ(root().BindAt("s", SOCK_STREAM, {}).error(), base::Errno(EBADF));
  EXPECT_THAT(ClosedIds(), UnorderedElementsAre(FdId{7}, FdId{8}));
}

TEST_F(ControlFileTest, ABoundSocketListensAndAccepts) {
  test::TrackedFd bound_fd;
  test::TrackedFd accepted_fd;
  server_.On(MessageId::kBindAt, [&](const FakeRequest&) {
    FakeReply reply = Answer(MessageId::kBindAt,
                             wire::BindAtResp{.child = MakeInode(7, S_IFSOCK),
                                              .bound_socket_fd = FdId{8}});
    reply.fds.push_back(bound_fd.Copy());
    return reply;
  });
  AnswerAlways(MessageId::kListen, wire::EmptyMessage{});
  server_.On(MessageId::kAccept, [&](const FakeRequest&) {
    FakeReply reply =
        Answer(MessageId::kAccept, wire::AcceptResp{.peer_addr = "peer"});
    reply.fds.push_back(accepted_fd.Copy());
    return reply;
  });
  {
    const auto bound = root().BindAt("s", SOCK_STREAM, {});
    ASSERT_TRUE(bound.ok());
    EXPECT_GE(bound->socket.host_fd(), 0);
    EXPECT_TRUE(bound->socket.Listen(5).ok());
    EXPECT_EQ(Sent<wire::ListenReq>(MessageId::kListen).backlog, 5);
    const auto accepted = bound->socket.Accept();
    ASSERT_TRUE(accepted.ok());
    EXPECT_EQ(accepted->peer_address, "peer");
    EXPECT_TRUE(accepted->socket.valid());
    AnswerAlways(MessageId::kAccept, wire::AcceptResp{});
    EXPECT_EQ(bound->socket.Accept().error(), base::Errno(EBADF));
  }
  EXPECT_FALSE(bound_fd.IsOpenElsewhere());
  EXPECT_FALSE(accepted_fd.IsOpenElsewhere());
  EXPECT_THAT(ClosedIds(), UnorderedElementsAre(FdId{7}, FdId{8}));
}

}  // namespace
}  // namespace gofer::client
