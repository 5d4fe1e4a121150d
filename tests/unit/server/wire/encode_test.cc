#include "server/wire/encode.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <string>
#include <vector>

#include "server/wire/message_list.h"
#include "tests/support/wire_bytes.h"
#include "tests/support/wire_printer.h"

namespace gofer::wire {
namespace {

TEST(EncodeTest, SizeIsThatOfTheBytes) {
  EXPECT_EQ(EncodedSize(EmptyMessage{}), 0U);
  EXPECT_EQ(EncodedSize(Inode{}), 152U);
  EXPECT_EQ(EncodedSize(UnlinkAtReq{.name = "abc"}), 17U);
  const absl::string_view path[] = {"a", "bc"};
  EXPECT_EQ(EncodedSize(WalkReq{.path = path}), 17U);
  const Inode inodes[3] = {};
  EXPECT_EQ(EncodedSize(WalkResp{.inodes = inodes}), 3U + 3U * 152U);
}

TEST(EncodeTest, FitsExactlyOrIsEioWithNothingWritten) {
  const RenameAtReq request = {.old_name = "old", .new_name = "new"};
  std::vector<std::byte> out(EncodedSize(request), std::byte{0xEE});
  const std::vector<std::byte> untouched = out;
  for (size_t size = 0; size < out.size(); ++size) {
    const base::ErrnoOr<size_t> written =
        Encode(request, std::span(out).first(size));
    ASSERT_FALSE(written.ok());
    ASSERT_EQ(written.error(), base::Errno(EIO));
    ASSERT_EQ(out, untouched);
  }
  const base::ErrnoOr<size_t> written = Encode(request, out);
  ASSERT_TRUE(written.ok());
  EXPECT_EQ(*written, out.size());
}

TEST(EncodeTest, LengthsAreNeverTruncated) {
  std::vector<std::byte> out(size_t{1} << 20);
  const std::string longest(0xFFFF, 'x');
  const std::string too_long(0x10000, 'x');
  EXPECT_TRUE(Encode(ReadLinkAtResp{longest}, out).ok());
  EXPECT_EQ(Encode(ReadLinkAtResp{too_long}, out).error(), base::Errno(EIO));

  const std::vector<FdId> fds(0x10000);
  EXPECT_EQ(Encode(CloseReq{fds}, out).error(), base::Errno(EIO));
  EXPECT_TRUE(Encode(CloseReq{std::span(fds).first(0xFFFF)}, out).ok());

  const absl::string_view names[] = {"fine", too_long};
  EXPECT_EQ(Encode(WalkReq{.path = names}, out).error(), base::Errno(EIO));
  const Dirent64 dirents[] = {{.name = too_long}};
  EXPECT_EQ(Encode(Getdents64Resp{dirents}, out).error(), base::Errno(EIO));
}

// Struct holes hold whatever was on our stack: it must not leave the process.
TEST(EncodeTest, PaddingIsZeroWhateverTheStructHoles) {
  alignas(Statx) std::byte memory[sizeof(Statx)];
  std::memset(memory, 0xFF, sizeof(memory));
  auto* statx = new (memory) Statx;
  const std::vector<std::byte> bytes = test::Encoded(*statx);
  EXPECT_EQ(test::ToHex(bytes), std::string(288, '0'));
}

TEST(EncodeTest, PaddingIsIgnoredOnReceipt) {
  std::vector<std::byte> bytes =
      test::FromHex("1000000000000000 0400000000000000 00100000 ffffffff");
  const base::ErrnoOr<PReadReq> request = Decode<PReadReq>(bytes);
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(*request, (PReadReq{16, FdId{4}, 4096}));
  EXPECT_EQ(test::ToHex(test::Encoded(*request)).substr(40), "00000000");

  bytes = test::Encoded(MkdirAtReq{.name = "x"});
  for (size_t i = 18; i < 24; ++i) bytes[i] = std::byte{0xFF};
  const base::ErrnoOr<MkdirAtReq> mkdir = Decode<MkdirAtReq>(bytes);
  ASSERT_TRUE(mkdir.ok());
  EXPECT_EQ(*mkdir, MkdirAtReq{.name = "x"});
}

TEST(EncodeTest, DecodedStringsAreViewsOfThePayload) {
  const test::ExactPayload payload(
      test::Encoded(SymlinkAtReq{.name = "ln", .target = "tgt"}));
  const base::ErrnoOr<SymlinkAtReq> request =
      Decode<SymlinkAtReq>(payload.span());
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(static_cast<const void*>(request->name.data()),
            payload.span().data() + 18);
}

TEST(EncodeTest, StringsMayHoldAnyByte) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  const std::vector<std::byte> bytes = test::Encoded(ReadLinkAtResp{all});
  EXPECT_EQ(Decode<ReadLinkAtResp>(bytes)->target, all);
}

TEST(EncodeTest, EveryFieldCountsForEquality) {
  const Statx a = {.mtime = {1, 2}};
  EXPECT_EQ(a, (Statx{.mtime = {1, 2}}));
  EXPECT_FALSE(a == (Statx{.mtime = {1, 3}}));
  EXPECT_FALSE(a == (Statx{.mtime = {1, 2}, .dev_minor = 1}));
}

}  // namespace
}  // namespace gofer::wire
