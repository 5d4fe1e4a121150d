#include "server/comm/byte_buffer.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

namespace gofer::comm {
namespace {

TEST(ByteBufferTest, StartsEmpty) {
  const ByteBuffer buffer;
  EXPECT_EQ(buffer.capacity(), 0u);
}

TEST(ByteBufferTest, KeepsWhatItIsToldTo) {
  ByteBuffer buffer;
  ASSERT_TRUE(buffer.Reserve(10, 0).ok());
  buffer.data()[0] = std::byte{1};
  buffer.data()[9] = std::byte{2};
  ASSERT_TRUE(buffer.Reserve(100'000, 10).ok());
  EXPECT_GE(buffer.capacity(), 100'000u);
  EXPECT_EQ(buffer.data()[0], std::byte{1});
  EXPECT_EQ(buffer.data()[9], std::byte{2});
}

TEST(ByteBufferTest, DoesNotShrinkUnlessReleased) {
  ByteBuffer buffer;
  ASSERT_TRUE(buffer.Reserve(100'000, 0).ok());
  const std::byte* const before = buffer.data();
  ASSERT_TRUE(buffer.Reserve(10, 0).ok());
  EXPECT_EQ(buffer.data(), before);
  buffer.Release();
  EXPECT_EQ(buffer.capacity(), 0u);
}

// A sanitizer's allocator ends the process instead of failing.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST(ByteBufferTest, ImpossibleSizeIsAnErrorAndChangesNothing) {
  ByteBuffer buffer;
  ASSERT_TRUE(buffer.Reserve(10, 0).ok());
  buffer.data()[0] = std::byte{1};
  EXPECT_EQ(buffer.Reserve(PTRDIFF_MAX, 10).error(), base::Errno(ENOMEM));
  EXPECT_EQ(buffer.data()[0], std::byte{1});
}
#endif

}  // namespace
}  // namespace gofer::comm
