// HostBackend's work on the tree: mounting, walking, creating, listing.

#include "server/hostfs/host_backend.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/server/hostfs/host_backend_fixture.h"

namespace gofer::hostfs {
namespace {

using lisafs::ProtocolLevel;
using testing::ElementsAre;
using testing::SizeIs;
using wire::MessageId;

TEST_F(HostBackendTest, AnnouncesTheMessagesOfItsLevel) {
  for (const auto& [level, count] : {std::pair(ProtocolLevel::kNov2023, 28u),
                                     std::pair(ProtocolLevel::kAug2026, 32u)}) {
    SetLevel(level);
    HostSession session(directory_.path(), host_options_, options_);
    const auto mounted =
        session.Get<wire::MountResp>(MessageId::kMount, wire::EmptyMessage{});
    ASSERT_TRUE(mounted.ok());
    EXPECT_EQ(mounted->supported_messages.size(), count);
    EXPECT_TRUE(session.fds().empty());
  }
}

TEST_F(HostBackendTest, MountPointMayBeAFileOrASymlink) {
  directory_.MakeFile("f");
  directory_.MakeSymlink("ln", "f");
  Start("/f");
  EXPECT_TRUE(S_ISREG(session_->FStat(root_)->mode));
  Start("/ln");
  EXPECT_TRUE(S_ISLNK(session_->FStat(root_)->mode));
}

TEST_F(HostBackendTest, MountPathDoesNotLeadThroughASymlink) {
  directory_.MakeDirectory("d");
  directory_.MakeFile("d/f");
  directory_.MakeSymlink("ln", "d");
  HostSession session(directory_.path(), host_options_, options_, "/ln/f");
  EXPECT_NE(ErrorOf(session.Mount()), 0);
}

TEST_F(HostBackendTest, WalkStatSeesWhatWalkSees) {
  directory_.MakeDirectory("d");
  directory_.MakeDirectory("d/e");
  directory_.MakeFile("d/e/f", "text");
  directory_.MakeSymlink("ln", "d");
  for (const ProtocolLevel level :
       {ProtocolLevel::kNov2023, ProtocolLevel::kAug2026}) {
    SetLevel(level);
    Start();
    const auto walk_stat = [&](const std::vector<absl::string_view>& path) {
      const auto response = session_->Get<wire::WalkStatResp>(
          MessageId::kWalkStat, wire::WalkReq{.dir_fd = root_, .path = path});
      std::vector<uint64_t> inodes;
      if (!response.ok()) return inodes;
      for (const wire::Statx& stat : response->stats) {
        inodes.push_back(stat.ino);
      }
      return inodes;
    };
    const auto inode = [&](const std::string& name) -> uint64_t {
      return directory_.Stat(name).st_ino;
    };
    EXPECT_THAT(
        walk_stat({"", "d", "e", "f"}),
        ElementsAre(inode(""), inode("d"), inode("d/e"), inode("d/e/f")));
    EXPECT_THAT(walk_stat({"d", "none", "x"}), ElementsAre(inode("d")));
    EXPECT_THAT(walk_stat({"none"}), ElementsAre());
    EXPECT_THAT(walk_stat({"ln", "e"}), ElementsAre(inode("ln")));
    EXPECT_THAT(walk_stat({"ln"}), ElementsAre(inode("ln")));
  }
}

TEST_F(HostBackendTest, WalkStatThroughAFileFails) {
  directory_.MakeFile("f");
  Start();
  const std::vector<absl::string_view> path = {"f", "x"};
  EXPECT_EQ(
      ErrorOf(session_->Call(MessageId::kWalkStat,
                             wire::WalkReq{.dir_fd = root_, .path = path})),
      ENOTDIR);
}

TEST_F(HostBackendTest, BlockDeviceIsRefusedByEveryWalk) {
  const std::string node = directory_.Path("b");
  if (::mknod(node.c_str(), S_IFBLK | 0600, 0) != 0) {
    GTEST_SKIP() << "needs CAP_MKNOD";
  }
  Start();
  EXPECT_EQ(ErrorOf(session_->Walk(root_, "b")), EPERM);
  const std::vector<absl::string_view> path = {"b"};
  EXPECT_EQ(
      ErrorOf(session_->Call(MessageId::kWalkStat,
                             wire::WalkReq{.dir_fd = root_, .path = path})),
      EPERM);
}

TEST_F(HostBackendTest, CreatesDirectoryFileAndSymlink) {
  Start();
  const auto made = session_->Get<wire::MkdirAtResp>(
      MessageId::kMkdirAt,
      wire::MkdirAtReq{.common = In(root_, 0751), .name = "d"});
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(made->child.stat.ino, directory_.Stat("d").st_ino);
  EXPECT_EQ(directory_.Stat("d").st_mode & 07777u, 0751u);

  const auto node = session_->Get<wire::MknodAtResp>(
      MessageId::kMknodAt, wire::MknodAtReq{.common = In(root_, S_IFREG | 0600),
                                            .minor_number = 0,
                                            .major_number = 0,
                                            .name = "n"});
  ASSERT_TRUE(node.ok());
  EXPECT_TRUE(S_ISREG(directory_.Stat("n").st_mode));
  EXPECT_EQ(node->child.stat.ino, directory_.Stat("n").st_ino);

  const auto link = session_->Get<wire::SymlinkAtResp>(
      MessageId::kSymlinkAt, wire::SymlinkAtReq{.dir_fd = root_,
                                                .uid = wire::kNoId,
                                                .gid = wire::kNoId,
                                                .name = "ln",
                                                .target = "/abs/target"});
  ASSERT_TRUE(link.ok());
  const auto target = session_->Get<wire::ReadLinkAtResp>(
      MessageId::kReadLinkAt,
      wire::ReadLinkAtReq{.fd = link->child.control_fd});
  ASSERT_TRUE(target.ok());
  EXPECT_EQ(std::string(target->target), "/abs/target");
}

TEST_F(HostBackendTest, MknodMakesOnlyFilesAndWhiteouts) {
  const auto mknod = [&](uint16_t mode, uint32_t minor) {
    return ErrorOf(session_->Call(MessageId::kMknodAt,
                                  wire::MknodAtReq{.common = In(root_, mode),
                                                   .minor_number = minor,
                                                   .major_number = 0,
                                                   .name = "n"}));
  };
  Start();
  EXPECT_EQ(mknod(S_IFIFO | 0600, 0), EPERM);
  EXPECT_EQ(mknod(0600, 0), EPERM);
  EXPECT_EQ(mknod(S_IFCHR | 0600, 0), EPERM);
  SetLevel(ProtocolLevel::kAug2026);
  Start();
  EXPECT_EQ(mknod(S_IFCHR | 0600, 3), EPERM);
  EXPECT_EQ(mknod(S_IFBLK | 0600, 0), EPERM);
  EXPECT_FALSE(directory_.Has("n"));
  EXPECT_EQ(mknod(S_IFCHR | 0600, 0), 0);
  EXPECT_EQ(directory_.Stat("n").st_rdev, 0u);
}

TEST_F(HostBackendTest, LinksFilesAndSymlinksThemselves) {
  directory_.MakeFile("f");
  directory_.MakeSymlink("ln", "f");
  Start();
  for (const std::string name : {"f", "ln"}) {
    const std::string hard = name + "2";
    const auto linked = session_->Get<wire::LinkAtResp>(
        MessageId::kLinkAt,
        wire::LinkAtReq{
            .dir_fd = root_, .target_fd = WalkTo(name), .name = hard});
    ASSERT_TRUE(linked.ok()) << name;
    EXPECT_EQ(linked->child.stat.ino, directory_.Stat(name).st_ino);
    EXPECT_EQ(directory_.Stat(hard).st_ino, directory_.Stat(name).st_ino);
  }
}

TEST_F(HostBackendTest, ExchangesNamesAtAug2026) {
  directory_.MakeFile("a", "was a");
  directory_.MakeFile("b", "was b");
  SetLevel(ProtocolLevel::kAug2026);
  Start();
  ASSERT_EQ(
      ErrorOf(session_->Call(MessageId::kRenameAt2,
                             wire::RenameAt2Req{.old_dir_fd = root_,
                                                .new_dir_fd = root_,
                                                .old_name = "a",
                                                .new_name = "b",
                                                .flags = RENAME_EXCHANGE})),
      0);
  EXPECT_EQ(directory_.Read("a"), "was b");
  EXPECT_EQ(directory_.Read("b"), "was a");
}

TEST_F(HostBackendTest, ListsInPortionsAndFromTheStart) {
  for (int i = 0; i < 10; ++i) directory_.MakeFile("f" + std::to_string(i));
  Start();
  const auto open = session_->Open(root_, O_RDONLY);
  ASSERT_TRUE(open.ok());
  std::set<std::string> seen;
  for (int i = 0; i < 10; ++i) {
    const auto names = session_->Names(*open, 40);
    ASSERT_TRUE(names.ok());
    ASSERT_THAT(*names, SizeIs(1));
    seen.insert(names->front());
  }
  EXPECT_THAT(seen, SizeIs(10));
  EXPECT_THAT(*session_->Names(*open, 40), SizeIs(0));
  EXPECT_THAT(*session_->Names(*open, INT32_MIN), SizeIs(10));
}

TEST_F(HostBackendTest, ListingLargerThanAMessageComesInFullAnyway) {
  const std::string stem(200, 'n');
  for (int i = 0; i < 100; ++i) directory_.MakeFile(stem + std::to_string(i));
  options_.max_message_size = 4096;
  Start();
  const auto open = session_->Open(root_, O_RDONLY);
  ASSERT_TRUE(open.ok());
  std::set<std::string> seen;
  while (true) {
    const auto names = session_->Names(*open, INT32_MAX);
    ASSERT_TRUE(names.ok());
    if (names->empty()) break;
    for (const std::string& name : *names) {
      EXPECT_TRUE(seen.insert(name).second);
    }
  }
  EXPECT_THAT(seen, SizeIs(100));
}

TEST_F(HostBackendTest, XattrsWorkAtAug2026Only) {
  directory_.MakeFile("f");
  Start();
  const auto set = [&] {
    return ErrorOf(session_->Call(
        MessageId::kFSetXattr,
        wire::FSetXattrReq{
            .fd = WalkTo("f"), .flags = 0, .name = "user.a", .value = "val"}));
  };
  EXPECT_EQ(set(), EOPNOTSUPP);
  SetLevel(ProtocolLevel::kAug2026);
  Start();
  if (set() == EOPNOTSUPP) GTEST_SKIP() << "file system without xattrs";
  const auto got = session_->Get<wire::FGetXattrResp>(
      MessageId::kFGetXattr,
      wire::FGetXattrReq{.fd = WalkTo("f"), .buf_size = 64, .name = "user.a"});
  ASSERT_TRUE(got.ok());
  EXPECT_EQ(std::string(got->value), "val");
}

TEST_F(HostBackendTest, StatFsDescribesTheHost) {
  Start();
  const auto stat = session_->Get<wire::StatFs>(MessageId::kFStatFs,
                                                wire::FStatFsReq{.fd = root_});
  ASSERT_TRUE(stat.ok());
  EXPECT_GT(stat->block_size, 0);
  EXPECT_GT(stat->name_length, 0u);
}

}  // namespace
}  // namespace gofer::hostfs
