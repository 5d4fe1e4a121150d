// Bytes typed in by hand from traces of a running server: a second source,
// independent of the generated golden files.

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <string>
#include <vector>

#include "server/wire/array_writer.h"
#include "server/wire/message_list.h"
#include "tests/support/wire_bytes.h"
#include "tests/support/wire_printer.h"

namespace gofer::wire {
namespace {

using test::FromHex;

constexpr char kStatxHex[] =
    "ff070000 00100000 0000000000000000 02000000 e8030000 e9030000 a481 0000"
    "8877665544332211 3200000000000000 0800000000000000 0000000000000000"
    "0100006500000000 01000000 00000000 0000000000000000 00000000 00000000"
    "0300006500000000 03000000 00000000 0400006500000000 04000000 00000000"
    "00000000 00000000 08000000 01000000";

constexpr Statx kStatx = {.mask = 0x7FF,
                          .blksize = 4096,
                          .nlink = 2,
                          .uid = 1000,
                          .gid = 1001,
                          .mode = 0100644,
                          .ino = 0x1122334455667788,
                          .size = 50,
                          .blocks = 8,
                          .atime = {0x65000001, 1},
                          .ctime = {0x65000003, 3},
                          .mtime = {0x65000004, 4},
                          .dev_major = 8,
                          .dev_minor = 1};
constexpr Inode kInode = {FdId{2}, kStatx};
const std::string kInodeHex = std::string("0200000000000000") + kStatxHex;

constexpr CreateCommon kCommon = {FdId{1}, 1000, 1001, 0644};
constexpr char kCommonHex[] = "0100000000000000 e8030000 e9030000";

template <class T>
void ExpectBytes(const T& message, const std::string& hex) {
  const test::ExactPayload payload(FromHex(hex));
  EXPECT_EQ(test::ToHex(test::Encoded(message)), test::ToHex(payload.span()));
  const base::ErrnoOr<T> decoded = Decode<T>(payload.span());
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(*decoded, message);
}

TEST(ReferenceBytesTest, EncodesErrorMountAndChannel) {
  ExpectBytes(ErrorResp{EINVAL}, "16000000");
  ExpectBytes(EmptyMessage{}, "");
  std::vector<uint16_t> mids;
  for (uint16_t mid = 1; mid <= 31; ++mid) {
    const bool unlisted = mid == 20 || mid == 27 || mid == 28;
    if (!unlisted) mids.push_back(mid);
  }
  ExpectBytes(
      MountResp{kInode, kMaxMessageSize, mids},
      kInodeHex +
          "00f01f00 1c00 0100 0200 0300 0400 0500 0600 0700 0800 0900 0a00"
          "0b00 0c00 0d00 0e00 0f00 1000 1100 1200 1300 1500 1600 1700 1800"
          "1900 1a00 1d00 1e00 1f00");
  ExpectBytes(ChannelResp{2 << 20, 2 << 20},
              "0000200000000000 0000200000000000");
}

TEST(ReferenceBytesTest, EncodesStatAndSetStat) {
  ExpectBytes(FStatReq{FdId{7}}, "0700000000000000");
  ExpectBytes(kStatx, kStatxHex);
  ExpectBytes(SetStatReq{.fd = FdId{7},
                         .mask = STATX_MODE | STATX_SIZE,
                         .mode = 0760,
                         .uid = 1000,
                         .gid = 1001,
                         .size = 50,
                         .atime = {1, 2},
                         .mtime = {3, 4}},
              "0700000000000000 02020000 f0010000 e8030000 e9030000"
              "3200000000000000 0100000000000000 0200000000000000"
              "0300000000000000 0400000000000000");
  ExpectBytes(SetStatResp{STATX_SIZE, EINVAL}, "00020000 16000000");
  ExpectBytes(StatFs{0xEF53, 4096, 100, 50, 40, 10, 5, 255},
              "53ef000000000000 0010000000000000 6400000000000000"
              "3200000000000000 2800000000000000 0a00000000000000"
              "0500000000000000 ff00000000000000");
}

TEST(ReferenceBytesTest, EncodesWalk) {
  const absl::string_view usr_lib[] = {"usr", "lib"};
  ExpectBytes(WalkReq{FdId{1}, usr_lib},
              "0100000000000000 0200 0300757372 03006c6962");
  const absl::string_view self_a[] = {"", "a"};
  ExpectBytes(WalkReq{FdId{1}, self_a}, "0100000000000000 0200 0000 010061");
  ExpectBytes(WalkReq{FdId{1}, {}}, "0100000000000000 0000");
  const Inode inodes[] = {kInode};
  ExpectBytes(WalkResp{WalkStatus::kComponentDoesNotExist, inodes},
              "01 0100" + kInodeHex);
  ExpectBytes(WalkResp{WalkStatus::kComponentSymlink, {}}, "02 0000");
  const Statx stats[] = {kStatx};
  ExpectBytes(WalkStatResp{stats}, std::string("0100") + kStatxHex);
}

TEST(ReferenceBytesTest, EncodesOpenAndClose) {
  ExpectBytes(OpenAtReq{FdId{3}, 02 | 01000},
              "0300000000000000 02020000 00000000");
  ExpectBytes(OpenAtResp{FdId{4}}, "0400000000000000");
  ExpectBytes(
      OpenCreateAtReq{kCommon, 02, "file"},
      std::string(kCommonHex) + "a401 0000 00000000 02000000 040066696c65");
  ExpectBytes(OpenCreateAtResp{kInode, FdId{3}},
              kInodeHex + "0300000000000000");
  const FdId fds[] = {FdId{2}, FdId{3}};
  ExpectBytes(CloseReq{fds}, "0200 0200000000000000 0300000000000000");
}

TEST(ReferenceBytesTest, EncodesInputAndOutput) {
  const FdId fds[] = {FdId{4}};
  ExpectBytes(FSyncReq{fds}, "0100 0400000000000000");
  ExpectBytes(PWriteReq{16, FdId{4}, 3},
              "1000000000000000 0400000000000000 03000000");
  ExpectBytes(PWriteResp{3}, "0300000000000000");
  ExpectBytes(PReadReq{16, FdId{4}, 4096},
              "1000000000000000 0400000000000000 00100000 00000000");
  ExpectBytes(PReadResp{3}, "0300000000000000");
  ExpectBytes(FAllocateReq{FdId{4}, 0, 16, 32},
              "0400000000000000 0000000000000000 1000000000000000"
              "2000000000000000");
}

TEST(ReferenceBytesTest, EncodesCreation) {
  ExpectBytes(MkdirAtReq{{FdId{1}, 0, 0, 0755}, "dir"},
              "0100000000000000 00000000 00000000 ed01 0000 00000000"
              "0300646972");
  ExpectBytes(MknodAtReq{{FdId{1}, 0, 0, 0100600}, 5, 6, "n"},
              "0100000000000000 00000000 00000000 8081 0000 00000000"
              "05000000 06000000 01006e");
  ExpectBytes(SymlinkAtReq{FdId{1}, 2, 3, "ln", "/tgt"},
              "0100000000000000 02000000 03000000 02006c6e 04002f746774");
  ExpectBytes(LinkAtReq{FdId{1}, FdId{2}, "hl"},
              "0100000000000000 0200000000000000 0200686c");
}

TEST(ReferenceBytesTest, EncodesLinksAndNames) {
  ExpectBytes(ReadLinkAtReq{FdId{5}}, "0500000000000000");
  ExpectBytes(ReadLinkAtResp{"/tgt"}, "04002f746774");
  ExpectBytes(UnlinkAtReq{FdId{1}, 0x200, "d"},
              "0100000000000000 00020000 010064");
  const std::string rename =
      "0100000000000000 0200000000000000 010061 02006263";
  ExpectBytes(RenameAtReq{FdId{1}, FdId{2}, "a", "bc"}, rename);
  ExpectBytes(RenameAt2Req{FdId{1}, FdId{2}, "a", "bc", 2},
              rename + "02000000");
}

TEST(ReferenceBytesTest, EncodesSockets) {
  const std::string connect = "0600000000000000 01000000 00000000";
  ExpectBytes(ConnectReq{FdId{6}, SOCK_STREAM}, connect);
  ExpectBytes(ConnectWithCredsReq{FdId{6}, SOCK_STREAM, 1000, 1001},
              connect + "e8030000 e9030000");
  ExpectBytes(BindAtReq{{FdId{1}, 1000, 1001, 0777}, SOCK_STREAM, "s"},
              std::string(kCommonHex) + "ff01 0000 00000000 01000000 010073");
  ExpectBytes(BindAtResp{kInode, FdId{9}}, kInodeHex + "0900000000000000");
  ExpectBytes(ListenReq{FdId{9}, 16}, "0900000000000000 10000000 00000000");
  ExpectBytes(AcceptReq{FdId{9}}, "0900000000000000");
  ExpectBytes(AcceptResp{""}, "0000");
}

TEST(ReferenceBytesTest, EncodesDirectories) {
  ExpectBytes(Getdents64Req{FdId{8}, -65536},
              "0800000000000000 0000ffff 00000000");
  const Dirent64 dirents[] = {{0x11, 1, 8, 3, 8, "f"}};
  ExpectBytes(Getdents64Resp{dirents},
              "0100 1100000000000000 01000000 08000000 0300000000000000 08"
              "010066");
}

TEST(ReferenceBytesTest, EncodesXattrs) {
  ExpectBytes(FGetXattrReq{FdId{2}, 64, "user.a"},
              "0200000000000000 40000000 0600757365722e61");
  ExpectBytes(FGetXattrResp{"val"}, "030076616c");
  ExpectBytes(FSetXattrReq{FdId{2}, 1, "user.a", "val"},
              "0200000000000000 01000000 0600757365722e61 030076616c");
  ExpectBytes(FListXattrReq{FdId{2}, 256}, "0200000000000000 0001000000000000");
  const absl::string_view names[] = {"user.a", "user.b"};
  ExpectBytes(FListXattrResp{names}, "0200 0600757365722e61 0600757365722e62");
  ExpectBytes(FRemoveXattrReq{FdId{2}, "user.a"},
              "0200000000000000 0600757365722e61");
}

}  // namespace
}  // namespace gofer::wire
