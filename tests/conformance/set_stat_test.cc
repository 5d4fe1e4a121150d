// Rows 117 to 128 of rows.md: SetStat.

#include <fcntl.h>
#include <linux/stat.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/conformance/conformance_test.h"

namespace gofer::test {
namespace {

class SetStatTest : public ConformanceTest {
 protected:
  static constexpr uint32_t kTimes = STATX_ATIME | STATX_MTIME;

  static wire::SetStatReq Of(FdId fd, uint32_t mask) {
    wire::SetStatReq request;
    request.fd = fd;
    request.mask = mask;
    return request;
  }
  wire::SetStatReq Size(FdId fd, uint64_t size) {
    wire::SetStatReq request = Of(fd, STATX_SIZE);
    request.size = size;
    return request;
  }
  wire::SetStatReq Mode(FdId fd, uint32_t mode) {
    wire::SetStatReq request = Of(fd, STATX_MODE);
    request.mode = mode;
    return request;
  }
  wire::SetStatReq Times(FdId fd, int64_t atime, int64_t mtime) {
    wire::SetStatReq request = Of(fd, kTimes);
    request.atime = {atime, 1};
    request.mtime = {mtime, 2};
    return request;
  }
  void ExpectFailure(const wire::SetStatReq& request, uint32_t mask,
                     uint32_t error) {
    const auto set = c_.SetStat(request);
    EXPECT_EQ(set.error, 0);
    EXPECT_EQ(set->failure_mask, mask);
    if (mask == 0) return;
    EXPECT_EQ(set->failure_errno, error);
  }
};

TEST_P(SetStatTest, Row117_EmptyMaskChangesNothing) {
  const auto set = c_.SetStat(Of(To({"f"}), 0));
  EXPECT_EQ(set.error, 0);
  EXPECT_EQ(set->failure_mask, 0u);
  EXPECT_EQ(set->failure_errno, 0u);
}

TEST_P(SetStatTest, Row118_OtherAttributesAreEperm) {
  EXPECT_EQ(c_.SetStat(Of(To({"f"}), STATX_TYPE)).error, EPERM);
  EXPECT_EQ(c_.SetStat(Of(To({"f"}), STATX_TYPE | STATX_MODE)).error, EPERM);
}

TEST_P(SetStatTest, Row119_FdIsLookedUpFirst) {
  EXPECT_EQ(c_.SetStat(Of(kUnknown, STATX_TYPE)).error, EBADF);
}

TEST_P(SetStatTest, Row120_OpenFdIsRefused) {
  const FdId open = Opened({"f"}, O_RDWR);
  EXPECT_EQ(c_.SetStat(Of(open, 0)).error, EINVAL);
  EXPECT_EQ(c_.SetStat(Size(open, 1)).error, EINVAL);
}

TEST_P(SetStatTest, Row121_EverythingIsSetAtOnce) {
  const auto made = c_.OpenCreateAt(root_, "new", O_RDWR);
  wire::SetStatReq request = Times(made->child.control_fd, 1000, 2000);
  request.mask |= STATX_MODE | STATX_SIZE | STATX_UID | STATX_GID;
  request.mode = 0760;
  request.size = 50;
  request.uid = ::geteuid();
  request.gid = ::getegid();
  ExpectFailure(request, 0, 0);
  const auto stat = c_.FStat(made->child.control_fd);
  EXPECT_EQ(stat->mode, S_IFREG | 0760);
  EXPECT_EQ(stat->size, 50u);
  EXPECT_EQ(stat->atime, (wire::Timestamp{1000, 1}));
  EXPECT_EQ(stat->mtime, (wire::Timestamp{2000, 2}));
  EXPECT_EQ(stat->uid, ::geteuid());
  EXPECT_EQ(stat->gid, ::getegid());
}

TEST_P(SetStatTest, Row122_SizeOfADirectoryAndASocketFailsInTheMask) {
  tree().MakeSocket("/scratch/sock");
  ExpectFailure(Size(To({"d1"}), 1), STATX_SIZE, EISDIR);
  ExpectFailure(Size(To({"sock"}), 1), STATX_SIZE, ENXIO);
}

TEST_P(SetStatTest, Row122_SizeOfACharacterDeviceFailsInTheMask) {
  if (!tree().MakeDevice("/scratch/null", S_IFCHR | 0666, 1, 3)) {
    GTEST_SKIP() << "making a character device needs root";
  }
  const FdId null = To({"null"});
  if (on_host() && c_.SetStat(Size(null, 1))->failure_errno == EACCES) {
    GTEST_SKIP() << "devices do not work here (a nodev mount)";
  }
  ExpectFailure(Size(null, 1), STATX_SIZE, EINVAL);
}

TEST_P(SetStatTest, Row123_ModeOfASymlinkFailsInTheMask) {
  ExpectFailure(Mode(To({"ln"}), 0600), STATX_MODE,
                aug2026() ? EOPNOTSUPP : EBADF);
}

TEST_P(SetStatTest, Row124_TimesOfASymlinkAreItsOwn) {
  const int64_t before = tree().Look("/scratch/d1")->mtime_sec;
  ExpectFailure(Times(To({"ln"}), 1000, 2000), 0, 0);
  EXPECT_EQ(tree().Look("/scratch/ln")->mtime_sec, 2000);
  EXPECT_EQ(tree().Look("/scratch/d1")->mtime_sec, before);
}

TEST_P(SetStatTest, Row125_SocketTakesAModeAndNoTimes) {
  tree().MakeSocket("/scratch/sock");
  const FdId sock = To({"sock"});
  ExpectFailure(Mode(sock, 0611), 0, 0);
  EXPECT_EQ(tree().Look("/scratch/sock")->mode, S_IFSOCK | 0611u);
  ExpectFailure(Times(sock, 1000, 2000), 0x60, EBADF);
}

TEST_P(SetStatTest, Row126_OwnerComesLastAndTakesSetuid) {
  const FdId f = To({"f"});
  wire::SetStatReq request = Mode(f, 04755);
  request.mask |= STATX_UID;
  request.uid = ::geteuid();
  ExpectFailure(request, 0, 0);
  EXPECT_EQ(c_.FStat(f)->mode, S_IFREG | 0755);
}

TEST_P(SetStatTest, Row127_NegativeSizeFailsInTheMask) {
  ExpectFailure(Size(To({"f"}), uint64_t{1} << 63), STATX_SIZE, EINVAL);
}

TEST_P(SetStatTest, Row128_TimesMayBeNowOrLeftAlone) {
  const FdId f = To({"f"});
  ExpectFailure(Times(f, 1000, 2000), 0, 0);
  wire::SetStatReq request = Of(f, kTimes);
  request.atime = {0, UTIME_NOW};
  request.mtime = {0, UTIME_OMIT};
  ExpectFailure(request, 0, 0);
  const auto stat = c_.FStat(f);
  EXPECT_GT(stat->atime.sec, 1'000'000);
  EXPECT_EQ(stat->mtime, (wire::Timestamp{2000, 2}));
}

TEST_P(SetStatTest, Row128_OneTimeMayBeSetAlone) {
  const FdId f = To({"f"});
  ExpectFailure(Times(f, 1000, 2000), 0, 0);
  wire::SetStatReq request = Times(f, 3000, 4000);
  request.mask = STATX_MTIME;
  ExpectFailure(request, 0, 0);
  EXPECT_EQ(c_.FStat(f)->atime.sec, 1000);
  EXPECT_EQ(c_.FStat(f)->mtime.sec, 4000);
}

INSTANTIATE_TEST_SUITE_P(All, SetStatTest, testing::ValuesIn(AllSettings()),
                         NameOfSetting);

}  // namespace
}  // namespace gofer::test
