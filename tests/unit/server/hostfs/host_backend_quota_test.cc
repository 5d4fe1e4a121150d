// Quotas of HostBackend, and creations that are taken back.

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <string>

#include "gtest/gtest.h"
#include "tests/unit/server/hostfs/host_backend_fixture.h"

namespace gofer::hostfs {
namespace {

using wire::MessageId;

class HostBackendQuotaTest : public HostBackendTest {
 protected:
  int Create(absl::string_view name) {
    return ErrorOf(session_->Call(
        MessageId::kOpenCreateAt,
        wire::OpenCreateAtReq{
            .common = In(root_, 0600), .flags = O_RDWR, .name = name}));
  }
  int Mkdir(absl::string_view name) {
    return ErrorOf(session_->Call(
        MessageId::kMkdirAt,
        wire::MkdirAtReq{.common = In(root_, 0700), .name = name}));
  }
  int Mknod(absl::string_view name) {
    return ErrorOf(
        session_->Call(MessageId::kMknodAt,
                       wire::MknodAtReq{.common = In(root_, S_IFREG | 0600),
                                        .minor_number = 0,
                                        .major_number = 0,
                                        .name = name}));
  }
  int Symlink(absl::string_view name) {
    return ErrorOf(session_->Call(MessageId::kSymlinkAt,
                                  wire::SymlinkAtReq{.dir_fd = root_,
                                                     .uid = wire::kNoId,
                                                     .gid = wire::kNoId,
                                                     .name = name,
                                                     .target = "x"}));
  }
  int Link(wire::FdId target, absl::string_view name) {
    return ErrorOf(session_->Call(
        MessageId::kLinkAt,
        wire::LinkAtReq{.dir_fd = root_, .target_fd = target, .name = name}));
  }
  int Bind(absl::string_view name) {
    return ErrorOf(session_->Call(MessageId::kBindAt,
                                  wire::BindAtReq{.common = In(root_, 0600),
                                                  .sock_type = SOCK_STREAM,
                                                  .name = name}));
  }
};

TEST_F(HostBackendQuotaTest, FdsPastTheQuotaAreRefusedAndCreateNothing) {
  directory_.MakeFile("f");
  options_.max_fds = 2;
  Start();
  const wire::FdId file = WalkTo("f");
  EXPECT_EQ(ErrorOf(session_->Walk(root_, "f")), EMFILE);
  EXPECT_EQ(ErrorOf(session_->Open(file, O_RDONLY)), EMFILE);
  EXPECT_EQ(Create("new"), EMFILE);
  EXPECT_EQ(Mkdir("new"), EMFILE);
  EXPECT_EQ(Mknod("new"), EMFILE);
  EXPECT_EQ(Symlink("new"), EMFILE);
  EXPECT_EQ(Link(file, "new"), EMFILE);
  EXPECT_EQ(Bind("new"), EMFILE);
  EXPECT_FALSE(directory_.Has("new"));
}

TEST_F(HostBackendQuotaTest, CreateNeedsTwoFds) {
  options_.max_fds = 2;
  Start();
  EXPECT_EQ(Create("new"), EMFILE);
  EXPECT_FALSE(directory_.Has("new"));
  EXPECT_EQ(Mkdir("d"), 0);
}

TEST_F(HostBackendQuotaTest, ClosedFdsCountNoMore) {
  directory_.MakeFile("f");
  options_.max_fds = 2;
  Start();
  for (int i = 0; i < 5; ++i) session_->Close(WalkTo("f"));
}

TEST_F(HostBackendQuotaTest, KeptWritableFdCounts) {
  directory_.MakeFile("f", "text");
  options_.max_fds = 2;
  Start();
  const wire::FdId file = WalkTo("f");
  const auto response =
      session_->SetStat({.fd = file, .mask = STATX_SIZE, .size = 1});
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->failure_errno, uint32_t{EMFILE});
  EXPECT_EQ(directory_.Read("f"), "text");
}

// A file created on the host before the tree had no room is taken back.
TEST_F(HostBackendQuotaTest, NodesPastTheQuotaTakeCreationsBack) {
  directory_.MakeFile("f");
  options_.max_nodes = 1;
  Start();
  const wire::FdId file = WalkTo("f");
  EXPECT_EQ(Create("new"), ENOMEM);
  EXPECT_FALSE(directory_.Has("new"));
  EXPECT_EQ(Mkdir("new"), ENOMEM);
  EXPECT_FALSE(directory_.Has("new"));
  EXPECT_EQ(Mknod("new"), ENOMEM);
  EXPECT_FALSE(directory_.Has("new"));
  EXPECT_EQ(Symlink("new"), ENOMEM);
  EXPECT_FALSE(directory_.Has("new"));
  EXPECT_EQ(Link(file, "new"), ENOMEM);
  EXPECT_FALSE(directory_.Has("new"));
  EXPECT_EQ(Bind("new"), ENOMEM);
  EXPECT_FALSE(directory_.Has("new"));
  session_->Close(file);
  EXPECT_EQ(Mkdir("new"), 0);
}

TEST_F(HostBackendQuotaTest, ClosingEverythingLeavesNothing) {
  Start();
  ASSERT_EQ(Create("a"), 0);
  ASSERT_EQ(Mkdir("d"), 0);
  ASSERT_EQ(Bind("s"), 0);
  session_.reset();
  HostSession session(directory_.path(), host_options_, options_);
  const auto root = session.Mount();
  ASSERT_TRUE(root.ok());
  const auto file = session.Walk(root->control_fd, "a");
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(session.server().NodeCount(), 2);
  session.Close(file->control_fd);
  session.Close(root->control_fd);
  EXPECT_EQ(session.server().NodeCount(), 1);
}

}  // namespace
}  // namespace gofer::hostfs
