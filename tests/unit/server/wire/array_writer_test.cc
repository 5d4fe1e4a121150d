#include "server/wire/array_writer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "server/wire/message_list.h"
#include "tests/support/wire_bytes.h"
#include "tests/support/wire_printer.h"

namespace gofer::wire {
namespace {

constexpr std::byte kUntouched{0xEE};

TEST(ArrayWriterTest, WritesWhatEncodeWrites) {
  const Inode inodes[] = {{.control_fd = FdId{1}}, {.control_fd = FdId{2}}};
  std::vector<std::byte> out(1000, kUntouched);
  ASSERT_TRUE(Encode(WalkStatus::kComponentSymlink, out).ok());
  ArrayWriter<Inode> writer(out, 1);
  EXPECT_TRUE(writer.Append(inodes[0]));
  EXPECT_TRUE(writer.Append(inodes[1]));
  EXPECT_EQ(writer.count(), 2U);
  out.resize(writer.Finish());
  EXPECT_EQ(test::ToHex(out), test::ToHex(test::Encoded(WalkResp{
                                  WalkStatus::kComponentSymlink, inodes})));
}

TEST(ArrayWriterTest, WritesStringsAndDirents) {
  std::vector<std::byte> out(100);
  StringArrayWriter names(out, 0);
  EXPECT_TRUE(names.Append("user.a"));
  EXPECT_TRUE(names.Append(""));
  const absl::string_view expected[] = {"user.a", ""};
  EXPECT_EQ(test::ToHex(std::span(out).first(names.Finish())),
            test::ToHex(test::Encoded(FListXattrResp{expected})));

  ArrayWriter<Dirent64> dirents(out, 0);
  EXPECT_TRUE(dirents.Append({.ino = 3, .name = "x"}));
  const Dirent64 entry[] = {{.ino = 3, .name = "x"}};
  EXPECT_EQ(test::ToHex(std::span(out).first(dirents.Finish())),
            test::ToHex(test::Encoded(Getdents64Resp{entry})));
}

TEST(ArrayWriterTest, EmptyArrayIsItsCount) {
  std::vector<std::byte> out(5, kUntouched);
  EXPECT_EQ(ArrayWriter<Statx>(out, 3).Finish(), 5U);
  EXPECT_EQ(test::ToHex(out), "eeeeee0000");
}

TEST(ArrayWriterTest, ElementThatDoesNotFitLeavesNoTrace) {
  std::vector<std::byte> out(8, kUntouched);
  StringArrayWriter writer(out, 0);
  EXPECT_FALSE(writer.Append("12345"));
  EXPECT_EQ(test::ToHex(out), "eeeeeeeeeeeeeeee");
  EXPECT_TRUE(writer.Append("1234"));
  EXPECT_FALSE(writer.Append(""));
  EXPECT_EQ(writer.Finish(), 8U);
  EXPECT_EQ(test::ToHex(out), "0100040031323334");
}

TEST(ArrayWriterTest, CountNeverWraps) {
  std::vector<std::byte> out(2 + size_t{2} * 0x10000);
  StringArrayWriter writer(out, 0);
  for (size_t i = 0; i < 0xFFFF; ++i) ASSERT_TRUE(writer.Append(""));
  EXPECT_FALSE(writer.Append(""));
  EXPECT_EQ(writer.Finish(), out.size() - 2);
  EXPECT_EQ(test::ToHex(std::span(out).first(2)), "ffff");
}

TEST(ArrayWriterTest, StringTooLongForItsLengthIsRefused) {
  std::vector<std::byte> out(0x20000);
  StringArrayWriter writer(out, 0);
  EXPECT_FALSE(writer.Append(std::string(0x10000, 'x')));
  EXPECT_TRUE(writer.Append(std::string(0xFFFF, 'x')));
  EXPECT_EQ(writer.Finish(), size_t{2 + 2 + 0xFFFF});
}

TEST(ArrayWriterTest, PeerThatScribblesOverTheWindowChangesOnlyItsOwnAnswer) {
  std::vector<std::byte> out(64);
  ArrayWriter<FdId> writer(out, 0);
  EXPECT_TRUE(writer.Append(FdId{1}));
  std::fill(out.begin(), out.end(), std::byte{0xFF});
  EXPECT_TRUE(writer.Append(FdId{2}));
  EXPECT_EQ(writer.count(), 2U);
  EXPECT_EQ(writer.Finish(), 18U);
  EXPECT_EQ(test::ToHex(std::span(out).first(18)),
            "0200ffffffffffffffff0200000000000000");
}

TEST(ArrayWriterDeathTest, NoRoomForTheCountIsABrokenInvariant) {
  std::vector<std::byte> out(4);
  EXPECT_DEATH(ArrayWriter<FdId>(out, 3), "broken invariant");
  EXPECT_DEATH(ArrayWriter<FdId>(out, 5), "broken invariant");
}

}  // namespace
}  // namespace gofer::wire
