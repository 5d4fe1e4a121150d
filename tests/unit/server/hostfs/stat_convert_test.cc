#include "server/hostfs/stat_convert.h"

#include <fcntl.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>

#include <initializer_list>

#include "gtest/gtest.h"
#include "tests/unit/server/hostfs/temp_directory.h"

namespace gofer::hostfs {
namespace {

using lisafs::ProtocolLevel;

TEST(StatConvertTest, FillsEveryFieldOfNov2023) {
  struct stat host = {};
  host.st_blksize = 4096;
  host.st_nlink = 3;
  host.st_uid = 1000;
  host.st_gid = 1001;
  host.st_mode = S_IFREG | 0640;
  host.st_ino = 0x1122334455667788;
  host.st_size = int64_t{1} << 40;
  host.st_blocks = 17;
  host.st_atim = {.tv_sec = -1, .tv_nsec = 1};
  host.st_ctim = {.tv_sec = 2, .tv_nsec = 3};
  host.st_mtim = {.tv_sec = 4, .tv_nsec = 999999999};
  host.st_rdev = makedev(300, 70000);
  host.st_dev = makedev(8, 1);
  const wire::Statx stat = FromStat(host);
  EXPECT_EQ(stat.mask, 0x7FFu);
  EXPECT_EQ(stat.blksize, 4096u);
  EXPECT_EQ(stat.attributes, 0u);
  EXPECT_EQ(stat.attributes_mask, 0u);
  EXPECT_EQ(stat.nlink, 3u);
  EXPECT_EQ(stat.uid, 1000u);
  EXPECT_EQ(stat.gid, 1001u);
  EXPECT_EQ(stat.mode, S_IFREG | 0640);
  EXPECT_EQ(stat.ino, 0x1122334455667788u);
  EXPECT_EQ(stat.size, uint64_t{1} << 40);
  EXPECT_EQ(stat.blocks, 17u);
  EXPECT_EQ(stat.atime.sec, -1);
  EXPECT_EQ(stat.atime.nsec, 1u);
  EXPECT_EQ(stat.btime.sec, 0);
  EXPECT_EQ(stat.ctime.sec, 2);
  EXPECT_EQ(stat.mtime.nsec, 999999999u);
  EXPECT_EQ(stat.rdev_major, 300u);
  EXPECT_EQ(stat.rdev_minor, 70000u);
  EXPECT_EQ(stat.dev_major, 8u);
  EXPECT_EQ(stat.dev_minor, 1u);
}

TEST(StatConvertTest, LevelsAgreeOnIdentityByNameAndByDescriptor) {
  const TempDirectory directory;
  directory.MakeFile("f", "text");
  const base::UniqueFd parent = directory.Open("", O_PATH);
  const base::UniqueFd file = directory.Open("f", O_PATH);
  for (const ProtocolLevel level :
       {ProtocolLevel::kNov2023, ProtocolLevel::kAug2026}) {
    const auto by_fd = StatFd(file.get(), level);
    const auto by_name = StatAt(parent.get(), "f", level);
    ASSERT_TRUE(by_fd.ok());
    ASSERT_TRUE(by_name.ok());
    const struct stat host = directory.Stat("f");
    EXPECT_EQ(by_fd->ino, host.st_ino);
    EXPECT_EQ(by_name->ino, host.st_ino);
    EXPECT_EQ(by_fd->dev_major, major(host.st_dev));
    EXPECT_EQ(by_name->dev_minor, minor(host.st_dev));
    EXPECT_EQ(by_fd->size, 4u);
    EXPECT_EQ(by_fd->mask & 0x7FFu, 0x7FFu);
  }
}

TEST(StatConvertTest, ByNameASymlinkIsItself) {
  const TempDirectory directory;
  directory.MakeSymlink("ln", "nowhere");
  const base::UniqueFd parent = directory.Open("", O_PATH);
  for (const ProtocolLevel level :
       {ProtocolLevel::kNov2023, ProtocolLevel::kAug2026}) {
    const auto stat = StatAt(parent.get(), "ln", level);
    ASSERT_TRUE(stat.ok());
    EXPECT_TRUE(S_ISLNK(stat->mode));
  }
}

TEST(StatConvertTest, BlockDevicesAndUnknownTypesAreNotServed) {
  EXPECT_FALSE(IsServedType(S_IFBLK | 0600));
  EXPECT_FALSE(IsServedType(0600));
  for (const mode_t type : std::initializer_list<mode_t>{
           S_IFREG, S_IFDIR, S_IFLNK, S_IFCHR, S_IFSOCK, S_IFIFO}) {
    EXPECT_TRUE(IsServedType(type | 0600));
  }
}

TEST(StatConvertTest, StatFsKeepsUnits) {
  struct statfs host = {};
  host.f_type = 0xEF53;
  host.f_bsize = 4096;
  host.f_blocks = 100;
  host.f_bfree = 50;
  host.f_bavail = 40;
  host.f_files = 10;
  host.f_ffree = 5;
  host.f_namelen = 255;
  const wire::StatFs stat = FromStatFs(host);
  EXPECT_EQ(stat.type, 0xEF53u);
  EXPECT_EQ(stat.block_size, 4096);
  EXPECT_EQ(stat.blocks, 100u);
  EXPECT_EQ(stat.blocks_free, 50u);
  EXPECT_EQ(stat.blocks_available, 40u);
  EXPECT_EQ(stat.files, 10u);
  EXPECT_EQ(stat.files_free, 5u);
  EXPECT_EQ(stat.name_length, 255u);
}

}  // namespace
}  // namespace gofer::hostfs
