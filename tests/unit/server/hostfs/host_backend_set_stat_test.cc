// SetStat of HostBackend.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "gtest/gtest.h"
#include "tests/unit/server/hostfs/host_backend_fixture.h"

namespace gofer::hostfs {
namespace {

using lisafs::ProtocolLevel;

class HostBackendSetStatTest : public HostBackendTest {
 protected:
  // The failure mask, with the errno above it.
  uint64_t Apply(const wire::SetStatReq& request) {
    const auto response = session_->SetStat(request);
    EXPECT_TRUE(response.ok());
    return Failure(response->failure_mask, response->failure_errno);
  }
  static uint64_t Failure(uint32_t mask, uint32_t error) {
    return uint64_t{error} << 32 | mask;
  }
};

TEST_F(HostBackendSetStatTest, AppliesAllAttributesTogether) {
  directory_.MakeFile("f");
  Start();
  EXPECT_EQ(Apply({.fd = WalkTo("f"),
                   .mask = wire::kSetStatMask,
                   .mode = 0760,
                   .uid = ::geteuid(),
                   .gid = ::getegid(),
                   .size = 50,
                   .atime = {.sec = 11, .nsec = 12},
                   .mtime = {.sec = 13, .nsec = 14}}),
            0u);
  const struct stat stat = directory_.Stat("f");
  EXPECT_EQ(stat.st_mode, mode_t{S_IFREG | 0760});
  EXPECT_EQ(stat.st_size, 50);
  EXPECT_EQ(stat.st_atim.tv_sec, 11);
  EXPECT_EQ(stat.st_mtim.tv_nsec, 14);
}

TEST_F(HostBackendSetStatTest, EmptyMaskChangesNothing) {
  directory_.MakeFile("f", "text");
  Start();
  EXPECT_EQ(Apply({.fd = WalkTo("f"), .mask = 0, .mode = 0, .size = 0}), 0u);
  EXPECT_EQ(directory_.Read("f"), "text");
}

TEST_F(HostBackendSetStatTest, SizeOfAFileWithoutSizeFailsInTheMask) {
  directory_.MakeDirectory("d");
  directory_.MakeSymlink("ln", "f");
  directory_.MakeFifo("fifo");
  directory_.MakeFile("f", "text");
  Start();
  const auto set_size = [&](const char* name, uint64_t size) {
    return Apply({.fd = WalkTo(name), .mask = STATX_SIZE, .size = size});
  };
  EXPECT_EQ(set_size("d", 1), Failure(STATX_SIZE, EISDIR));
  EXPECT_EQ(set_size("fifo", 1), Failure(STATX_SIZE, EINVAL));
  EXPECT_EQ(set_size("ln", 1), Failure(STATX_SIZE, ELOOP));
  EXPECT_EQ(set_size("f", uint64_t{1} << 63), Failure(STATX_SIZE, EINVAL));
  EXPECT_EQ(directory_.Read("f"), "text");
}

TEST_F(HostBackendSetStatTest, FailureOfOneDoesNotStopTheNext) {
  directory_.MakeDirectory("d");
  Start();
  EXPECT_EQ(Apply({.fd = WalkTo("d"),
                   .mask = STATX_MODE | STATX_SIZE | STATX_MTIME,
                   .mode = 0700,
                   .size = 1,
                   .mtime = {.sec = 5, .nsec = 6}}),
            Failure(STATX_SIZE, EISDIR));
  EXPECT_EQ(directory_.Stat("d").st_mode & 07777u, 0700u);
  EXPECT_EQ(directory_.Stat("d").st_mtim.tv_sec, 5);
}

TEST_F(HostBackendSetStatTest, ModeOfASymlinkFailsByLevel) {
  directory_.MakeSymlink("ln", "f");
  Start();
  EXPECT_EQ(Apply({.fd = WalkTo("ln"), .mask = STATX_MODE, .mode = 0600}),
            Failure(STATX_MODE, EBADF));
  SetLevel(ProtocolLevel::kAug2026);
  Start();
  EXPECT_EQ(Apply({.fd = WalkTo("ln"), .mask = STATX_MODE, .mode = 0600}),
            Failure(STATX_MODE, EOPNOTSUPP));
}

TEST_F(HostBackendSetStatTest, TimesOfASymlinkAreItsOwn) {
  directory_.MakeFile("f");
  directory_.MakeSymlink("ln", "f");
  Start();
  EXPECT_EQ(Apply({.fd = WalkTo("ln"),
                   .mask = STATX_MTIME,
                   .mtime = {.sec = 5, .nsec = 6}}),
            0u);
  EXPECT_EQ(directory_.Stat("ln").st_mtim.tv_sec, 5);
  EXPECT_NE(directory_.Stat("f").st_mtim.tv_sec, 5);
}

TEST_F(HostBackendSetStatTest, OmittedTimeStays) {
  directory_.MakeFile("f");
  Start();
  const wire::FdId file = WalkTo("f");
  EXPECT_EQ(Apply({.fd = file,
                   .mask = STATX_ATIME | STATX_MTIME,
                   .atime = {.sec = 1, .nsec = 0},
                   .mtime = {.sec = 2, .nsec = 0}}),
            0u);
  EXPECT_EQ(Apply({.fd = file,
                   .mask = STATX_ATIME | STATX_MTIME,
                   .atime = {.sec = 0, .nsec = UTIME_NOW},
                   .mtime = {.sec = 0, .nsec = UTIME_OMIT}}),
            0u);
  EXPECT_GT(directory_.Stat("f").st_atim.tv_sec, 1);
  EXPECT_EQ(directory_.Stat("f").st_mtim.tv_sec, 2);
}

TEST_F(HostBackendSetStatTest, NonsenseTimeIsTheKernelsToRefuse) {
  directory_.MakeFile("f");
  Start();
  EXPECT_EQ(Apply({.fd = WalkTo("f"),
                   .mask = STATX_ATIME,
                   .atime = {.sec = 0, .nsec = -5}}),
            Failure(STATX_ATIME, EINVAL));
}

TEST_F(HostBackendSetStatTest, OnlyTheIdsInTheMaskAreSet) {
  directory_.MakeFile("f");
  Start();
  EXPECT_EQ(Apply({.fd = WalkTo("f"),
                   .mask = STATX_GID,
                   .uid = 12345,
                   .gid = ::getegid()}),
            0u);
  EXPECT_EQ(directory_.Stat("f").st_uid, ::geteuid());
}

// The mode is set before the owner, and the kernel takes set-id bits away.
TEST_F(HostBackendSetStatTest, SetUidDoesNotSurviveAChangeOfOwner) {
  directory_.MakeFile("f");
  Start();
  EXPECT_EQ(Apply({.fd = WalkTo("f"),
                   .mask = STATX_MODE | STATX_UID,
                   .mode = 04755,
                   .uid = ::geteuid()}),
            0u);
  EXPECT_EQ(directory_.Stat("f").st_mode & 07777u, 0755u);
}

}  // namespace
}  // namespace gofer::hostfs
