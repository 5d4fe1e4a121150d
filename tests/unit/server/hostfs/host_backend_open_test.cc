// Opening, donation and I/O of HostBackend.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/unit/server/hostfs/host_backend_fixture.h"

namespace gofer::hostfs {
namespace {

using lisafs::Donation;
using lisafs::ProtocolLevel;
using testing::SizeIs;
using wire::MessageId;

class HostBackendOpenTest : public HostBackendTest {
 protected:
  base::ErrnoOr<std::string> PRead(wire::FdId fd, uint64_t offset,
                                   uint32_t count) {
    const auto payload = session_->Call(
        MessageId::kPRead,
        wire::PReadReq{.offset = offset, .fd = fd, .count = count});
    if (!payload.ok()) return payload.error();
    const auto head = wire::Decode<wire::PReadResp>(*payload);
    return std::string(reinterpret_cast<const char*>(payload->data()) + 8,
                       head->num_bytes);
  }
  int PWrite(wire::FdId fd, uint64_t offset, absl::string_view text) {
    return ErrorOf(session_->Call(
        MessageId::kPWrite,
        wire::PWriteReq{.offset = offset,
                        .fd = fd,
                        .num_bytes = static_cast<uint32_t>(text.size())},
        std::as_bytes(std::span(text.data(), text.size()))));
  }
  base::ErrnoOr<wire::OpenCreateAtResp> Create(absl::string_view name,
                                               uint16_t mode, uint32_t flags) {
    return session_->Get<wire::OpenCreateAtResp>(
        MessageId::kOpenCreateAt,
        wire::OpenCreateAtReq{
            .common = In(root_, mode), .flags = flags, .name = name});
  }
};

TEST_F(HostBackendOpenTest, DonatesWhatTheConnectionAllows) {
  directory_.MakeFile("f");
  directory_.MakeDirectory("d");
  const struct {
    Donation donation;
    size_t file, directory, mount_point;
  } rows[] = {{Donation::kNone, 0, 0, 0}, {Donation::kFiles, 1, 0, 0}};
  for (const auto& row : rows) {
    options_.donation = row.donation;
    Start();
    const wire::FdId file = WalkTo("f");
    const wire::FdId directory = WalkTo("d");
    ASSERT_TRUE(session_->Open(file, O_RDWR).ok());
    EXPECT_THAT(session_->fds(), SizeIs(row.file));
    ASSERT_TRUE(session_->Open(directory, O_RDONLY).ok());
    EXPECT_THAT(session_->fds(), SizeIs(row.directory));
    ASSERT_TRUE(session_->Open(root_, O_RDONLY).ok());
    EXPECT_THAT(session_->fds(), SizeIs(row.mount_point));
    ASSERT_TRUE(Create("new", 0600, O_RDWR).ok());
    EXPECT_THAT(session_->fds(), SizeIs(row.file));
    ::unlink(directory_.Path("new").c_str());
  }
}

TEST_F(HostBackendOpenTest, WalkingToAFifoMakesNobodyAReader) {
  directory_.MakeFifo("fifo");
  Start();
  const wire::FdId fifo = WalkTo("fifo");
  EXPECT_EQ(::open(directory_.Path("fifo").c_str(), O_WRONLY | O_NONBLOCK), -1);
  EXPECT_EQ(errno, ENXIO);
  EXPECT_EQ(ErrorOf(session_->Open(fifo, O_WRONLY)), ENXIO);
}

TEST_F(HostBackendOpenTest, FifoWithoutWriterOpensAtOnce) {
  directory_.MakeFifo("fifo");
  Start();
  const wire::FdId fifo = WalkTo("fifo");
  EXPECT_EQ(ErrorOf(session_->Open(fifo, O_RDONLY)), 0);
  EXPECT_THAT(session_->fds(), SizeIs(1));
  EXPECT_EQ(ErrorOf(session_->Open(fifo, O_WRONLY)), 0);
}

TEST_F(HostBackendOpenTest, FifoNeedsPermission) {
  directory_.MakeFifo("fifo");
  host_options_.host_fifo = HostFifo::kNone;
  Start();
  EXPECT_EQ(ErrorOf(session_->Open(WalkTo("fifo"), O_RDONLY)), EPERM);
}

TEST_F(HostBackendOpenTest, CharDevicesGoByPolicyAndLevel) {
  const auto open_null = [&](ProtocolLevel level, CharDevicePolicy policy) {
    SetLevel(level);
    host_options_.char_devices = policy;
    HostSession session("/dev", host_options_, options_, "/null");
    const auto device = session.Mount();
    if (!device.ok()) return device.error().number();
    return ErrorOf(session.Open(device->control_fd, O_RDWR));
  };
  EXPECT_EQ(open_null(ProtocolLevel::kNov2023, CharDevicePolicy::kByLevel), 0);
  EXPECT_EQ(open_null(ProtocolLevel::kNov2023, CharDevicePolicy::kRefuse),
            EPERM);
  EXPECT_EQ(open_null(ProtocolLevel::kAug2026, CharDevicePolicy::kByLevel),
            EPERM);
  EXPECT_EQ(open_null(ProtocolLevel::kAug2026, CharDevicePolicy::kOpen), 0);
}

TEST_F(HostBackendOpenTest, ReadsAndWrites) {
  Start();
  const auto made = Create("f", 0600, O_RDWR);
  ASSERT_TRUE(made.ok());
  const wire::FdId file = made->open_fd;
  EXPECT_EQ(PWrite(file, 2, "hello"), 0);
  EXPECT_EQ(directory_.Read("f"), std::string("\0\0hello", 7));
  EXPECT_EQ(*PRead(file, 3, 100), "ello");
  EXPECT_EQ(*PRead(file, 100, 100), "");
  EXPECT_EQ(*PRead(file, 0, 0), "");
  EXPECT_EQ(ErrorOf(PRead(file, uint64_t{1} << 63, 1)), EINVAL);
  EXPECT_EQ(PWrite(file, uint64_t{1} << 63, "x"), EINVAL);
  EXPECT_EQ(PWrite(file, ~uint64_t{0}, "xx"), EINVAL);
}

TEST_F(HostBackendOpenTest, SyncReachesTheHost) {
  directory_.MakeFifo("fifo");
  Start();
  const auto file = Create("f", 0600, O_RDWR);
  const auto fifo = session_->Open(WalkTo("fifo"), O_RDWR);
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(fifo.ok());
  const auto sync = [&](wire::FdId fd) {
    const std::vector<wire::FdId> fds = {fd};
    return ErrorOf(
        session_->Call(MessageId::kFSync, wire::FSyncReq{.fds = fds}));
  };
  EXPECT_EQ(sync(file->open_fd), 0);
  EXPECT_EQ(sync(*fifo), EINVAL);  // As fsync(2) says of a FIFO.
}

TEST_F(HostBackendOpenTest, AllocatesOnlyWithModeZero) {
  Start();
  const auto made = Create("f", 0600, O_RDWR);
  ASSERT_TRUE(made.ok());
  const auto allocate = [&](uint64_t mode, uint64_t offset, uint64_t length) {
    return ErrorOf(session_->Call(MessageId::kFAllocate,
                                  wire::FAllocateReq{.fd = made->open_fd,
                                                     .mode = mode,
                                                     .offset = offset,
                                                     .length = length}));
  };
  EXPECT_EQ(allocate(0, 20, 100), 0);
  EXPECT_EQ(directory_.Stat("f").st_size, 120);
  EXPECT_EQ(allocate(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 1),
            EOPNOTSUPP);
  EXPECT_EQ(allocate(0, 0, 0), EINVAL);
  EXPECT_EQ(allocate(0, uint64_t{1} << 63, 1), EINVAL);
  EXPECT_EQ(allocate(0, 0, ~uint64_t{0}), EINVAL);
}

TEST_F(HostBackendOpenTest, CreatesARegularFileAndNothingElse) {
  Start();
  const auto made = Create("f", S_IFDIR | 0604, O_RDONLY);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(directory_.Stat("f").st_mode, mode_t{S_IFREG | 0604});
  EXPECT_EQ(made->child.stat.ino, directory_.Stat("f").st_ino);
  EXPECT_EQ(ErrorOf(Create("f", 0600, O_RDWR)), EEXIST);
  directory_.MakeSymlink("ln", directory_.Path("elsewhere"));
  EXPECT_EQ(ErrorOf(Create("ln", 0600, O_RDWR)), EEXIST);
  EXPECT_FALSE(directory_.Has("elsewhere"));
}

// The open file needs no permission that the mode does not give.
TEST_F(HostBackendOpenTest, CreatesForWritingWhatMayOnlyBeRead) {
  Start();
  const auto made = Create("f", 0400, O_WRONLY);
  ASSERT_TRUE(made.ok());
  EXPECT_EQ(PWrite(made->open_fd, 0, "text"), 0);
}

TEST_F(HostBackendOpenTest, UnlinkedFileStaysUsable) {
  directory_.MakeFile("f", "text");
  Start();
  const wire::FdId control = WalkTo("f");
  const auto open = session_->Open(control, O_RDONLY);
  ASSERT_TRUE(open.ok());
  ASSERT_EQ(ErrorOf(session_->Call(
                MessageId::kUnlinkAt,
                wire::UnlinkAtReq{.dir_fd = root_, .flags = 0, .name = "f"})),
            0);
  EXPECT_EQ(session_->FStat(control)->nlink, 0u);
  EXPECT_EQ(*PRead(*open, 0, 10), "text");
  EXPECT_EQ(ErrorOf(session_->Open(control, O_RDONLY)), EINVAL);
  EXPECT_EQ(session_->SetStat({.fd = control, .mask = STATX_SIZE, .size = 1})
                ->failure_mask,
            0u);
  EXPECT_EQ(*PRead(*open, 0, 10), "t");
}

TEST_F(HostBackendOpenTest, UnlinkedFileCanBeOpenedAtAug2026) {
  directory_.MakeFile("f", "text");
  SetLevel(ProtocolLevel::kAug2026);
  Start();
  const wire::FdId control = WalkTo("f");
  ASSERT_EQ(ErrorOf(session_->Call(
                MessageId::kUnlinkAt,
                wire::UnlinkAtReq{.dir_fd = root_, .flags = 0, .name = "f"})),
            0);
  const auto open = session_->Open(control, O_RDONLY);
  ASSERT_TRUE(open.ok());
  EXPECT_EQ(*PRead(*open, 0, 10), "text");
}

}  // namespace
}  // namespace gofer::hostfs
