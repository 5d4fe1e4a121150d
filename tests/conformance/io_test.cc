// Rows 101 to 116 of rows.md: I/O, FAllocate, FSync, FStatFS.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "tests/conformance/conformance_test.h"

namespace gofer::test {
namespace {

constexpr uint64_t kHuge = uint64_t{1} << 63;

class IoTest : public ConformanceTest {
 protected:
  // A PWrite that announces `announced` bytes and carries `data`.
  RawReply WriteAnnouncing(FdId fd, uint32_t announced,
                           absl::string_view data) {
    auto payload = Encoded(wire::PWriteReq{0, fd, announced});
    const auto* const raw = reinterpret_cast<const std::byte*>(data.data());
    payload.insert(payload.end(), raw, raw + data.size());
    return c_.CallBytes(11, payload);
  }
};

TEST_P(IoTest, Row101_ReadOnlyFdIsNotWritten) {
  const FdId fd = Opened({"f"}, O_RDONLY);
  EXPECT_EQ(c_.PWrite(fd, "x", 0).error, EBADF);
  EXPECT_EQ(c_.FAllocate(fd, 0, 0, 10).error, EBADF);
}

TEST_P(IoTest, Row102_ControlFdIsNotOpen) {
  const FdId fd = To({"f"});
  EXPECT_EQ(c_.PRead(fd, 1, 0).error, EINVAL);
  EXPECT_EQ(c_.PWrite(fd, "x", 0).error, EINVAL);
  EXPECT_EQ(c_.Flush(fd).error, aug2026() ? EOPNOTSUPP : EINVAL);
}

TEST_P(IoTest, Row103_TwoMebibytesThereAndBack) {
  auto made = c_.OpenCreateAt(root_, "big", O_RDWR);
  ASSERT_EQ(made.error, 0);
  std::string data(size_t{2} << 20, '\0');
  for (size_t i = 0; i < data.size(); ++i) {
    data[i] = static_cast<char>((i * 7919) >> 8);
  }
  for (size_t at = 0; at < data.size();) {
    const size_t size =
        std::min<size_t>(wire::kMaxPWriteCount, data.size() - at);
    const auto written =
        c_.PWrite(made->open_fd, absl::string_view(data).substr(at, size), at);
    ASSERT_EQ(written.error, 0);
    ASSERT_EQ(written->count, size);
    at += size;
  }
  for (const uint64_t from : {uint64_t{0}, uint64_t{50}}) {
    std::string back;
    while (back.size() < data.size() - from) {
      const ReadReply read =
          c_.PRead(made->open_fd, wire::kMaxPReadCount, from + back.size());
      ASSERT_EQ(read.error, 0);
      ASSERT_FALSE(read.data.empty());
      back += read.data;
    }
    EXPECT_TRUE(back == data.substr(from));
  }
  ASSERT_EQ(made.fds.size(), 1u);
  std::string direct(data.size(), '\0');
  ASSERT_EQ(::pread(made.fds[0].get(), direct.data(), direct.size(), 0),
            static_cast<ssize_t>(direct.size()));
  EXPECT_TRUE(direct == data);
}

TEST_P(IoTest, Row104_ReadsUpToTheLongestAreServed) {
  const FdId fd = Opened({"f"}, O_RDONLY);
  EXPECT_EQ(c_.PRead(fd, 2'093'048, 0).data, "hello world");
  EXPECT_EQ(c_.PRead(fd, 2'093'049, 0).error, ENOBUFS);
}

TEST_P(IoTest, Row105_WrappingReadCountIsEnobufs) {
  const FdId fd = Opened({"f"}, O_RDONLY);
  EXPECT_EQ(c_.PRead(fd, 0xFFFFFFFF, 0).error, ENOBUFS);
  EXPECT_EQ(c_.PRead(fd, 0xFFFFFFF8, 0).error, ENOBUFS);
  EXPECT_EQ(c_.PRead(fd, 5, 0).data, "hello");
}

TEST_P(IoTest, Row106_ReadingNothingSucceeds) {
  const FdId fd = Opened({"f"}, O_RDONLY);
  const ReadReply beyond = c_.PRead(fd, 10, 100);
  EXPECT_EQ(beyond.error, 0);
  EXPECT_EQ(beyond.data, "");
  const ReadReply none = c_.PRead(fd, 0, 0);
  EXPECT_EQ(none.error, 0);
  EXPECT_EQ(none.data, "");
}

TEST_P(IoTest, Row107_NegativeOffsetIsEinval) {
  EXPECT_EQ(c_.PRead(Opened({"f"}, O_RDONLY), 1, kHuge).error, EINVAL);
  EXPECT_EQ(c_.PWrite(Opened({"f"}, O_RDWR), "x", kHuge).error, EINVAL);
}

TEST_P(IoTest, Row108_DirectoryIsNotRead) {
  EXPECT_EQ(c_.PRead(Opened({"d1"}, O_RDONLY), 10, 0).error, EISDIR);
}

TEST_P(IoTest, Row109_WriteAnnouncingTooMuchWritesNothing) {
  EXPECT_EQ(WriteAnnouncing(Opened({"f"}, O_RDWR), 10, "abc").error, EIO);
  EXPECT_EQ(WriteAnnouncing(Opened({"f"}, O_RDWR), 0xFFFFFFFF, "abc").error,
            EIO);
  EXPECT_EQ(tree().Content("/scratch/f"), "hello world");
}

TEST_P(IoTest, Row110_WriteMovesTheAnnouncedNumber) {
  EXPECT_EQ(WriteAnnouncing(Opened({"f"}, O_RDWR), 2, "abc").error, 0);
  EXPECT_EQ(tree().Content("/scratch/f"), "abllo world");
}

TEST_P(IoTest, Row111_WriteOfNothingSucceeds) {
  const auto written = c_.PWrite(Opened({"f"}, O_RDWR), "", 0);
  EXPECT_EQ(written.error, 0);
  EXPECT_EQ(written->count, 0u);
}

TEST_P(IoTest, Row112_AllocateGrows) {
  const auto made = c_.OpenCreateAt(root_, "new", O_RDWR);
  EXPECT_EQ(c_.FAllocate(made->open_fd, 0, 0, 40).error, 0);
  EXPECT_EQ(c_.FStat(made->open_fd)->size, 40u);
  EXPECT_EQ(c_.FAllocate(made->open_fd, 0, 20, 100).error, 0);
  EXPECT_EQ(c_.FStat(made->child.control_fd)->size, 120u);
}

TEST_P(IoTest, Row113_AllocatingNothingIsEinval) {
  EXPECT_EQ(c_.FAllocate(Opened({"f"}, O_RDWR), 0, 0, 0).error, EINVAL);
}

TEST_P(IoTest, Row114_SyncTriesAllAndReportsTheFirstError) {
  const FdId good = Opened({"f"}, O_RDWR);
  EXPECT_EQ(c_.FSync({good, kUnknown, root_, good}).error, EBADF);
  EXPECT_EQ(c_.FSync({good, good}).error, 0);
}

TEST_P(IoTest, Row115_SyncRefusesOtherKindsAndTakesNone) {
  EXPECT_EQ(c_.FSync({root_, kUnknown}).error, EINVAL);
  EXPECT_EQ(c_.FSync({}).error, 0);
}

TEST_P(IoTest, Row116_StatFsTakesControlFdsOnly) {
  EXPECT_EQ(c_.FStatFs(Opened({"f"}, O_RDONLY)).error, EINVAL);
  const auto statfs = c_.FStatFs(root_);
  EXPECT_EQ(statfs.error, 0);
  EXPECT_EQ(statfs->name_length, 255u);
}

INSTANTIATE_TEST_SUITE_P(All, IoTest, testing::ValuesIn(AllSettings()),
                         NameOfSetting);

}  // namespace
}  // namespace gofer::test
