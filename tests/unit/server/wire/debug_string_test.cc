#include "server/wire/debug_string.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "server/wire/message_list.h"

namespace gofer::wire {
namespace {

TEST(DebugStringTest, NamesTheTypeAndItsFields) {
  const MkdirAtReq request = {{FdId{3}, 0, 1000, 0755}, "x"};
  EXPECT_EQ(DebugString(request),
            "MkdirAtReq{dir_fd: 3, uid: 0, gid: 1000, mode: 0755, name: "
            "\"x\"}");
  EXPECT_EQ(DebugString(EmptyMessage{}), "EmptyMessage{}");
  EXPECT_EQ(DebugString(OpenAtReq{FdId{3}, 01002}),
            "OpenAtReq{fd: 3, flags: 01002}");
  EXPECT_EQ(DebugString(SetStatResp{0x200, 22}),
            "SetStatResp{failure_mask: 0x200, failure_errno: 22}");
}

TEST(DebugStringTest, ShowsNestedStructsAndArrays) {
  const Dirent64 dirents[] = {{1, 2, 3, 4, 5, "a"}, {}};
  EXPECT_EQ(
      DebugString(Getdents64Resp{dirents}),
      "Getdents64Resp{dirents: [{ino: 1, dev_minor: 2, dev_major: 3, off: 4, "
      "type: 5, name: \"a\"}, {ino: 0, dev_minor: 0, dev_major: 0, off: 0, "
      "type: 0, name: \"\"}]}");
  EXPECT_EQ(DebugString(WalkResp{WalkStatus::kComponentSymlink, {}}),
            "WalkResp{status: 2, inodes: []}");
}

TEST(DebugStringTest, ShowsSignedExtremes) {
  EXPECT_EQ(DebugString(Timespec{std::numeric_limits<int64_t>::min(), -1}),
            "Timespec{sec: -9223372036854775808, nsec: -1}");
}

TEST(DebugStringTest, HostileBytesAreEscaped) {
  const std::string name("a\0\n\x1b\"\\\xFF", 7);
  EXPECT_EQ(DebugString(ReadLinkAtResp{name}),
            "ReadLinkAtResp{target: \"a\\x00\\x0a\\x1b\\\"\\\\\\xff\"}");
}

TEST(DebugStringTest, LongStringsAndArraysAreCut) {
  EXPECT_EQ(DebugString(ReadLinkAtResp{std::string(64, 'x')}),
            "ReadLinkAtResp{target: \"" + std::string(64, 'x') + "\"}");
  EXPECT_EQ(DebugString(ReadLinkAtResp{std::string(65535, 'x')}),
            "ReadLinkAtResp{target: \"" + std::string(64, 'x') +
                "\"... 65471 bytes more}");
  EXPECT_EQ(DebugString(CloseReq{std::vector<FdId>(100)}),
            "CloseReq{fds: [0, 0, 0, 0, 0, 0, 0, 0... 92 more]}");
}

}  // namespace
}  // namespace gofer::wire
