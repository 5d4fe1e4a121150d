// Rows 1 to 24 of rows.md: the socket.

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "server/uds/fd_message.h"
#include "server/uds/unix_socket.h"
#include "server/wire/headers.h"
#include "tests/conformance/conformance_test.h"
#include "tests/support/open_fds.h"
#include "tests/support/process_counts.h"
#include "tests/support/wire_bytes.h"

namespace gofer::test {
namespace {

using Id = wire::MessageId;
using Bytes = std::vector<std::byte>;

class SocketTransportTest : public ConformanceTest {
 protected:
  static Bytes Header(uint32_t payload_len, uint16_t message,
                      uint16_t padding = 0) {
    const wire::SocketHeader header{payload_len, message, padding};
    const auto raw = std::as_bytes(std::span(&header, 1));
    return {raw.begin(), raw.end()};
  }
  static Bytes Frame(Id id, Bytes payload, uint16_t padding = 0) {
    Bytes frame = Header(static_cast<uint32_t>(payload.size()),
                         static_cast<uint16_t>(id), padding);
    frame.insert(frame.end(), payload.begin(), payload.end());
    return frame;
  }

  int fd() { return c_.socket().fd(); }
  void Write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      ASSERT_GT(n, 0);
      bytes = bytes.subspan(static_cast<size_t>(n));
    }
  }
  // Exactly `size` bytes, fewer at the end of the stream.
  Bytes Read(size_t size) {
    Bytes bytes(size);
    size_t got = 0;
    while (got < size) {
      const ssize_t n = ::recv(fd(), bytes.data() + got, size - got, 0);
      if (n <= 0) break;
      got += static_cast<size_t>(n);
    }
    bytes.resize(got);
    return bytes;
  }
  // One whole answer.
  wire::SocketHeader ReadFrame(Bytes* payload = nullptr) {
    wire::SocketHeader header{};
    const Bytes raw = Read(sizeof(header));
    EXPECT_EQ(raw.size(), sizeof(header));
    std::memcpy(&header, raw.data(), raw.size());
    const Bytes read = Read(header.payload_len);
    EXPECT_EQ(read.size(), header.payload_len);
    if (payload != nullptr) *payload = read;
    return header;
  }
  Bytes StatRoot() { return Encoded(wire::FStatReq{root_}); }
};

TEST_P(SocketTransportTest, Row001_MountAnswersTheListOfMessages) {
  Session fresh = served_.Connect(Options());
  const auto mounted = fresh->Mount();
  ASSERT_TRUE(mounted.ok());
  EXPECT_EQ(mounted.message, 1);
  const auto tail = std::span(mounted.payload).subspan(152);
  if (aug2026()) {
    EXPECT_EQ(mounted.payload.size(), 222u);
    return;
  }
  EXPECT_EQ(mounted.payload.size(), 214u);
  EXPECT_EQ(ToHex(tail),
            "00f01f001c00010002000300040005000600070008000900"
            "0a000b000c000d000e000f00100011001200130015001600"
            "1700180019001a001d001e001f00");
}

TEST_P(SocketTransportTest, Row002_MountIgnoresItsPayload) {
  Session fresh = served_.Connect(Options());
  const Bytes three(3, std::byte{0xFF});
  EXPECT_TRUE(fresh->CallBytes(1, three).ok());
}

TEST_P(SocketTransportTest, Row003_MountAgainGivesANewRoot) {
  const auto again = c_.Mount();
  ASSERT_TRUE(again.ok());
  EXPECT_NE(again->root.control_fd, root_);
  EXPECT_TRUE(c_.FStat(root_).ok());
  EXPECT_TRUE(c_.FStat(again->root.control_fd).ok());
}

TEST_P(SocketTransportTest, Row004_BeforeMountThereAreNoFds) {
  Session fresh = served_.Connect(Options());
  EXPECT_EQ(fresh->FStat(FdId{1}).error, EBADF);
}

TEST_P(SocketTransportTest, Row005_HeaderMayComeByteByByte) {
  for (const std::byte& byte : Frame(Id::kFStat, StatRoot())) {
    Write(std::span(&byte, 1));
  }
  EXPECT_EQ(ReadFrame().message, 3);
}

TEST_P(SocketTransportTest, Row006_PaddingIsIgnored) {
  Write(Frame(Id::kFStat, StatRoot(), 0xBEEF));
  const wire::SocketHeader header = ReadFrame();
  EXPECT_EQ(header.message, 3);
  EXPECT_EQ(header.padding, 0);
}

TEST_P(SocketTransportTest, Row007_QueuedRequestsAreAnsweredInOrder) {
  Bytes two = Frame(Id::kFStat, StatRoot());
  const Bytes second = Frame(Id::kFStatFs, StatRoot());
  two.insert(two.end(), second.begin(), second.end());
  Write(two);
  EXPECT_EQ(ReadFrame().message, 3);
  EXPECT_EQ(ReadFrame().message, 17);
}

TEST_P(SocketTransportTest, Row008_EofInTheHeaderEndsTheConnection) {
  Write(Bytes(3));
  ::shutdown(fd(), SHUT_WR);
  EXPECT_TRUE(Read(1).empty());
  served_.server().Wait();
  EXPECT_EQ(session_.connection->end_reason(), lisafs::EndReason::kClientEof);
}

TEST_P(SocketTransportTest, Row009_EofInThePayloadEndsTheConnection) {
  Write(Header(8, 3));
  Write(Bytes(4));
  ::shutdown(fd(), SHUT_WR);
  EXPECT_TRUE(Read(1).empty());
  served_.server().Wait();
  EXPECT_EQ(session_.connection->end_reason(), lisafs::EndReason::kClientEof);
}

TEST_P(SocketTransportTest, Row010_LongestPayloadIsProcessed) {
  Bytes payload = StatRoot();
  payload.resize(wire::kMaxMessageSize);
  const auto reply = c_.CallBytes(3, payload);
  EXPECT_EQ(reply.error, 0);
  EXPECT_EQ(reply.payload.size(), 144u);
}

TEST_P(SocketTransportTest, Row011_TooLongPayloadIsEioAndConsumed) {
  Bytes payload = StatRoot();
  payload.resize(wire::kMaxMessageSize + 1);
  Write(Frame(Id::kFStat, payload));
  Bytes error;
  EXPECT_EQ(ReadFrame(&error).message, 0);
  EXPECT_EQ(ToHex(error), "05000000");
  EXPECT_TRUE(c_.FStat(root_).ok());
}

TEST_P(SocketTransportTest, Row012_WrappingPayloadLengthHurtsOnlyItsOwner) {
  Session other = served_.Mount(Options());
  Write(Header(0xFFFFFFF8, 3));
  EXPECT_TRUE(Read(1).empty());
  EXPECT_TRUE(other->FStat(other.root).ok());
}

TEST_P(SocketTransportTest, Row013_HugePayloadLengthTakesNoMemory) {
  Session other = served_.Mount(Options());
  Write(Header(0xFFFFFFFF, 3));
  EXPECT_TRUE(Read(1).empty());
  EXPECT_TRUE(other->FStat(other.root).ok());
  EXPECT_EQ(session_.connection->end_reason(),
            lisafs::EndReason::kProtocolError);
}

TEST_P(SocketTransportTest, Row014_UnknownMessagesAreNotSupported) {
  if (!aug2026()) {
    EXPECT_EQ(c_.ConnectWithCreds(kUnknown, SOCK_STREAM, {}).error, EOPNOTSUPP);
    EXPECT_EQ(c_.RenameAt2(root_, "f", root_, "g", 0).error, EOPNOTSUPP);
  }
  EXPECT_EQ(c_.CallBytes(34, {}).error, EOPNOTSUPP);
  EXPECT_EQ(c_.CallBytes(255, {}).error, EOPNOTSUPP);
  EXPECT_EQ(c_.CallBytes(65535, {}).error, EOPNOTSUPP);
  EXPECT_TRUE(c_.FStat(root_).ok());
}

TEST_P(SocketTransportTest, Row014_UnlistedMessagesByLevel) {
  const FdId open = Opened({"f"}, O_RDONLY);
  EXPECT_EQ(c_.Flush(open).error, aug2026() ? EOPNOTSUPP : 0);
}

TEST_P(SocketTransportTest, Row015_ErrorIsNoRequest) {
  EXPECT_EQ(c_.CallBytes(0, {}).error, aug2026() ? EOPNOTSUPP : EINVAL);
}

TEST_P(SocketTransportTest, Row016_MessagePastTheTableIsNotSupported) {
  std::vector<lisafs::Handler> rows = lisafs::HandlerTable::Stock()->rows();
  rows.resize(5);
  served_.server().SetHandlers(
      std::make_shared<const lisafs::HandlerTable>(std::move(rows)));
  EXPECT_TRUE(c_.FStat(root_).ok());
  EXPECT_EQ(c_.Walk(root_, {}).error, EOPNOTSUPP);
}

TEST_P(SocketTransportTest, Row017_FdsInRequestsAreDropped) {
  const ProcessCounts before = ProcessCounts::Take();
  {
    std::vector<base::UniqueFd> gift;
    gift.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const Bytes frame = Frame(Id::kFStat, StatRoot());
    auto sent = uds::SendWithFds(fd(), frame, test::Borrowed(gift), 0);
    // Linux 6.16 and later refuse it for us.
    if (!sent.ok() && sent.error() == base::Errno(EPERM)) {
      sent = uds::SendWithFds(fd(), frame, {}, 0);
    }
    ASSERT_TRUE(sent.ok() && *sent == frame.size());
  }
  EXPECT_EQ(ReadFrame().message, 3);
  EXPECT_EQ(ProcessCounts::Take(), before);
}

TEST_P(SocketTransportTest, Row018_ShortPayloadIsEio) {
  EXPECT_EQ(c_.CallBytes(3, Bytes(7)).error, EIO);
}

TEST_P(SocketTransportTest, Row019_TrailingBytesAreIgnored) {
  Bytes payload = StatRoot();
  payload.resize(11);
  EXPECT_EQ(c_.CallBytes(3, payload).error, 0);
}

TEST_P(SocketTransportTest, Row020_PayloadMayComeInPieces) {
  const FdId open = Opened({"f"}, O_RDWR);
  const std::string data(10'000, 'x');
  Bytes payload = Encoded(wire::PWriteReq{0, open, 10'000});
  const auto* const raw = reinterpret_cast<const std::byte*>(data.data());
  payload.insert(payload.end(), raw, raw + data.size());
  const Bytes frame = Frame(Id::kPWrite, payload);
  iovec parts[] = {
      {const_cast<std::byte*>(frame.data()), 5'000},
      {const_cast<std::byte*>(frame.data() + 5'000), frame.size() - 5'000}};
  ASSERT_EQ(::writev(fd(), parts, 2), static_cast<ssize_t>(frame.size()));
  EXPECT_EQ(ReadFrame().message, 11);
  EXPECT_EQ(tree().Content("/scratch/f"), data);
}

TEST_P(SocketTransportTest, Row021_ThreeFdsInOrder) {
  auto sockets = uds::MakeSocketPair(uds::SocketType::kStream);
  ASSERT_TRUE(sockets.ok());
  std::vector<base::UniqueFd> fds;
  for (const char* const path : {"/dev/null", "/dev/zero", "/dev/full"}) {
    fds.emplace_back(::open(path, O_RDONLY | O_CLOEXEC));
  }
  comm::SocketCommunicator server(std::move(sockets->first),
                                  wire::kMaxMessageSize);
  comm::ClientSocket client(std::move(sockets->second));
  const wire::SocketHeader request{0, 42, 0};
  ASSERT_EQ(::send(client.fd(), &request, sizeof(request), 0), 8);
  ASSERT_TRUE(server.Receive().ok());
  ASSERT_TRUE(server.Send(42, 0, test::Borrowed(fds)).ok());
  Bytes header(8);
  const auto answer = uds::ReceiveWithFds(client.fd(), header, 8, 0);
  ASSERT_TRUE(answer.ok());
  ASSERT_EQ(answer->fds.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    struct stat sent;
    struct stat got;
    ASSERT_EQ(::fstat(fds[i].get(), &sent), 0);
    ASSERT_EQ(::fstat(answer->fds[i].get(), &got), 0);
    EXPECT_EQ(sent.st_rdev, got.st_rdev);
  }
}

TEST_P(SocketTransportTest, Row022_EmptyPayloadsAreHeadersOnly) {
  std::vector<lisafs::Handler> rows = lisafs::HandlerTable::Stock()->rows();
  rows[20] = {"Empty", [](lisafs::RequestContext&) -> base::ErrnoOr<size_t> {
                return size_t{0};
              }};
  rows[3] = rows[20];
  served_.server().SetHandlers(
      std::make_shared<const lisafs::HandlerTable>(std::move(rows)));
  Write(Header(0, 3));
  EXPECT_EQ(ToHex(Read(8)), "0000000003000000");
}

TEST_P(SocketTransportTest, Row023_HangUpClosesEverything) {
  const ProcessCounts before = ProcessCounts::Take();
  {
    Session other = served_.Mount(Options());
    ASSERT_TRUE(other->OpenAt(other->To(other.root, {"f"}), O_RDWR).ok());
    ASSERT_TRUE(other->OpenAt(other.root, O_RDONLY).ok());
    ASSERT_EQ(other->OpenChannel(), 0);
    EXPECT_EQ(other.connection->fd_counts().open, 2u);
    c_.socket().Shutdown();
    other->socket().Shutdown();
    served_.server().Wait();
    EXPECT_EQ(other.connection->state(), lisafs::ConnectionState::kEnded);
    EXPECT_EQ(other.connection->fd_counts().control, 0u);
    EXPECT_EQ(other.connection->fd_counts().open, 0u);
  }
  // The first connection's own socket and thread went as well, and on the host
  // its root's FD.
  const size_t gone = on_host() ? 2 : 1;
  const ProcessCounts expected = {before.fds - gone, before.threads - 1};
  EXPECT_EQ(ProcessCounts::Settled(expected), expected);
  EXPECT_EQ(served_.server().NodeCount(), 1);
}

TEST_P(SocketTransportTest, Row024_HandlerThatThrowsIsEremoteio) {
  std::vector<lisafs::Handler> rows = lisafs::HandlerTable::Stock()->rows();
  rows[17].serve = [](lisafs::RequestContext&) -> base::ErrnoOr<size_t> {
    throw std::runtime_error("thrown by a test");
  };
  served_.server().SetHandlers(
      std::make_shared<const lisafs::HandlerTable>(std::move(rows)));
  EXPECT_EQ(c_.FStatFs(root_).error, EREMOTEIO);
  EXPECT_TRUE(c_.FStat(root_).ok());
}

INSTANTIATE_TEST_SUITE_P(All, SocketTransportTest,
                         testing::ValuesIn(SocketSettings()), NameOfSetting);

}  // namespace
}  // namespace gofer::test
