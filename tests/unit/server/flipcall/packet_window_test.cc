#include "server/flipcall/packet_window.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "server/base/unique_fd.h"
#include "server/flipcall/packet_window_allocator.h"

namespace gofer::flipcall {
namespace {

class PacketWindowTest : public testing::Test {
 protected:
  PacketWindowTest() { EXPECT_TRUE(allocator_.Allocate(8192).ok()); }
  int fd() const { return allocator_.fd(); }

 private:
  PacketWindowAllocator allocator_;
};

TEST_F(PacketWindowTest, TwoMappingsShowTheSameBytes) {
  const auto one = PacketWindow::Map(fd(), 4096, 4096);
  const auto two = PacketWindow::Map(fd(), 4096, 4096);
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_EQ(one->data().size(), 4080u);
  one->conn_state().store(7);
  one->data_len().store(8);
  one->data()[4079] = std::byte{9};
  EXPECT_EQ(two->conn_state().load(), 7u);
  EXPECT_EQ(two->data_len().load(), 8u);
  EXPECT_EQ(two->data()[4079], std::byte{9});
}

TEST_F(PacketWindowTest, MovingMovesTheMapping) {
  auto one = PacketWindow::Map(fd(), 0, 4096);
  ASSERT_TRUE(one.ok());
  PacketWindow two = *std::move(one);
  two.conn_state().store(1);
  auto three = *PacketWindow::Map(fd(), 4096, 4096);
  three = std::move(two);
  EXPECT_EQ(three.conn_state().load(), 1u);
}

TEST_F(PacketWindowTest, RefusesRangesThatAreNoWindow) {
  const base::Errno invalid(EINVAL);
  EXPECT_EQ(PacketWindow::Map(fd(), 0, 0).error(), invalid);
  EXPECT_EQ(PacketWindow::Map(fd(), 0, 4095).error(), invalid);
  EXPECT_EQ(PacketWindow::Map(fd(), 0, uint64_t{1} << 32).error(), invalid);
  EXPECT_EQ(PacketWindow::Map(fd(), 1, 4096).error(), invalid);
  EXPECT_EQ(PacketWindow::Map(fd(), ~uint64_t{4095}, 8192).error(), invalid);
}

TEST_F(PacketWindowTest, LyingServerNamesARangeBeyondTheFile) {
  EXPECT_TRUE(PacketWindow::MapSealed(fd(), 4096, 4096).ok());
  const base::Errno invalid(EINVAL);
  EXPECT_EQ(PacketWindow::MapSealed(fd(), 4096, 8192).error(), invalid);
  EXPECT_EQ(PacketWindow::MapSealed(fd(), 12288, 4096).error(), invalid);
  EXPECT_EQ(PacketWindow::MapSealed(fd(), ~uint64_t{4095}, 8192).error(),
            invalid);
}

TEST_F(PacketWindowTest, LyingServerDonatesAFileThatCanShrink) {
  const base::UniqueFd file(
      ::memfd_create("shrinks", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  ASSERT_EQ(::ftruncate(file.get(), 8192), 0);
  EXPECT_EQ(PacketWindow::MapSealed(file.get(), 0, 8192).error(),
            base::Errno(EINVAL));
}

TEST_F(PacketWindowTest, LyingServerDonatesSomethingElse) {
  const base::UniqueFd file(::open("/dev/zero", O_RDWR | O_CLOEXEC));
  EXPECT_FALSE(PacketWindow::MapSealed(file.get(), 0, 4096).ok());
  EXPECT_EQ(PacketWindow::MapSealed(-1, 0, 4096).error(), base::Errno(EBADF));
}

}  // namespace
}  // namespace gofer::flipcall
