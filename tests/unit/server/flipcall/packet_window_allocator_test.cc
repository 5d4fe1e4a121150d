#include "server/flipcall/packet_window_allocator.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdint>
#include <string>

#include "server/flipcall/layout.h"

namespace gofer::flipcall {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;
// The resources that one channel of a connection takes.
constexpr uint64_t kChannelBytes = 16 + 4 + (2 * kMiB - 4096);

uint64_t FileBytes(int fd) {
  struct stat status = {};
  EXPECT_EQ(::fstat(fd, &status), 0);
  return static_cast<uint64_t>(status.st_size);
}

std::string FileName(int fd) {
  char name[PATH_MAX] = {};
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  EXPECT_GT(::readlink(link.c_str(), name, sizeof(name) - 1), 0);
  return name;
}

TEST(PacketWindowAllocatorTest, HasNoFileBeforeTheFirstWindow) {
  const PacketWindowAllocator allocator;
  EXPECT_EQ(allocator.fd(), -1);
}

// Row 26.
TEST(PacketWindowAllocatorTest, WindowsFollowEachOtherAndTheFileDoubles) {
  PacketWindowAllocator allocator;
  const uint64_t file_bytes[] = {2 * kMiB, 4 * kMiB, 8 * kMiB, 8 * kMiB};
  for (uint64_t i = 0; i < 4; ++i) {
    const auto extent = allocator.Allocate(kChannelBytes);
    ASSERT_TRUE(extent.ok());
    EXPECT_EQ(extent->offset, i * 2 * kMiB);
    EXPECT_EQ(extent->length, 2 * kMiB);
    EXPECT_EQ(FileBytes(allocator.fd()), file_bytes[i]);
  }
}

// Rows 27 and 28.
TEST(PacketWindowAllocatorTest, FileIsASealedMemfdWithTheProtocolsName) {
  PacketWindowAllocator allocator;
  ASSERT_TRUE(allocator.Allocate(1).ok());
  EXPECT_EQ(::fcntl(allocator.fd(), F_GET_SEALS), 0x3);
  EXPECT_EQ(::fcntl(allocator.fd(), F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(FileName(allocator.fd()),
            "/memfd:flipcall_packet_windows (deleted)");
  EXPECT_EQ(FileBytes(allocator.fd()), 4096u);
}

TEST(PacketWindowAllocatorTest, RefusesWindowsThatNobodyCanAddress) {
  PacketWindowAllocator allocator;
  EXPECT_EQ(allocator.Allocate(0).error(), base::Errno(EINVAL));
  EXPECT_EQ(allocator.Allocate(kMaxWindowBytes + 1).error(),
            base::Errno(EINVAL));
  // Rounding up to a page passes the limit.
  EXPECT_EQ(allocator.Allocate(kMaxWindowBytes).error(), base::Errno(EINVAL));
  EXPECT_EQ(allocator.fd(), -1);
}

TEST(PacketWindowAllocatorTest, PeerCannotShrinkTheFileOrSealItsGrowth) {
  PacketWindowAllocator allocator;
  ASSERT_TRUE(allocator.Allocate(2 * kMiB).ok());
  EXPECT_EQ(::ftruncate(allocator.fd(), 4096), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(::fcntl(allocator.fd(), F_ADD_SEALS, F_SEAL_GROW), -1);
  EXPECT_EQ(errno, EPERM);
}

TEST(PacketWindowAllocatorTest, PeerThatGrowsTheFileStopsNothing) {
  PacketWindowAllocator allocator;
  ASSERT_TRUE(allocator.Allocate(2 * kMiB).ok());
  // Doubling would ask for 4 MiB, less than the file has by now.
  ASSERT_EQ(::ftruncate(allocator.fd(), 5 * kMiB), 0);
  const auto second = allocator.Allocate(2 * kMiB);
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->offset, 2 * kMiB);
  EXPECT_EQ(FileBytes(allocator.fd()), 5 * kMiB);
  const auto third = allocator.Allocate(2 * kMiB);
  ASSERT_TRUE(third.ok());
  EXPECT_EQ(FileBytes(allocator.fd()), 8 * kMiB);
}

}  // namespace
}  // namespace gofer::flipcall
