// Rows 25 to 43 of rows.md: channels and clients that break them. Rows 44
// to 50, 53 and 54 are about flipcall alone; see rows_elsewhere.txt.

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "server/flipcall/layout.h"
#include "server/uds/fd_message.h"
#include "tests/conformance/conformance_test.h"
#include "tests/support/raw_channel.h"

namespace gofer::test {
namespace {

constexpr uint64_t kWindow = uint64_t{2} << 20;
constexpr uint32_t kShutDown = 2;

class ChannelTest : public ConformanceTest {
 protected:
  static size_t Limit() {
    cpu_set_t cpus;
    EXPECT_EQ(::sched_getaffinity(0, sizeof(cpus), &cpus), 0);
    return static_cast<size_t>(std::clamp(CPU_COUNT(&cpus), 2, 4));
  }
  static std::vector<std::byte> Stat(FdId fd) {
    return Encoded(wire::FStatReq{fd});
  }
  void ExpectOnlyTheChannelDied(RawChannel& channel) {
    EXPECT_EQ(channel.state(), kShutDown);
    EXPECT_TRUE(c_.FStat(root_).ok());
    EXPECT_TRUE(c_.OpenChannel() == 0 && c_.FStat(root_).ok());
  }
};

TEST_P(ChannelTest, Row025_AsManyAsThereAreCpus) {
  for (size_t i = 0; i < Limit(); ++i) {
    const RawChannel channel(c_);
    EXPECT_EQ(session_.connection->channel_count(), i + 1);
  }
  EXPECT_EQ(c_.OpenChannel(), ENOMEM);
}

TEST_P(ChannelTest, Row025_TheOptionsMaySayHowMany) {
  ClientOptions options = Options();
  options.connection.max_channels = 1;
  Session other = NewSession(options);
  EXPECT_EQ(other->OpenChannel(), 0);
  EXPECT_EQ(other->OpenChannel(), ENOMEM);
  EXPECT_TRUE(other->FStat(other.root).ok());
}

TEST_P(ChannelTest, Row026_WindowsFollowEachOther) {
  ClientOptions options = Options();
  options.connection.max_channels = 4;
  Session other = NewSession(options);
  const uint64_t file_mebibytes[] = {2, 4, 8, 8};
  std::vector<std::unique_ptr<RawChannel>> channels;
  for (uint64_t i = 0; i < 4; ++i) {
    channels.push_back(std::make_unique<RawChannel>(*other.client));
    EXPECT_EQ(channels[i]->offset(), static_cast<int64_t>(i * kWindow));
    EXPECT_EQ(channels[i]->length(), kWindow);
    struct stat file;
    ASSERT_EQ(::fstat(channels[i]->data_fd(), &file), 0);
    EXPECT_EQ(file.st_size, static_cast<off_t>(file_mebibytes[i] << 20));
  }
}

TEST_P(ChannelTest, Row027_MemoryFileIsSealed) {
  const RawChannel channel(c_);
  EXPECT_EQ(::fcntl(channel.data_fd(), F_GET_SEALS),
            F_SEAL_SEAL | F_SEAL_SHRINK);
}

TEST_P(ChannelTest, Row028_FdsAreAMemfdAndASeqpacketSocket) {
  const RawChannel channel(c_);
  char target[100] = {};
  const std::string link = "/proc/self/fd/" + std::to_string(channel.data_fd());
  ASSERT_GT(::readlink(link.c_str(), target, sizeof(target) - 1), 0);
  EXPECT_STREQ(target, "/memfd:flipcall_packet_windows (deleted)");
  int type = 0;
  socklen_t size = sizeof(type);
  ASSERT_EQ(
      ::getsockopt(channel.fd_socket(), SOL_SOCKET, SO_TYPE, &type, &size), 0);
  EXPECT_EQ(type, SOCK_SEQPACKET);
}

TEST_P(ChannelTest, Row029_HandshakeIsAnsweredInKind) {
  RawChannel channel(c_);
  channel.StartHandshake("{}\n");
  EXPECT_EQ(channel.WaitWhile(), 0u);
  EXPECT_EQ(channel.data_len(), 3u);
  EXPECT_EQ(ToHex(channel.bytes().subspan(16, 3)), "7b7d0a");
}

TEST_P(ChannelTest, Row030_HandshakeOfNonsenseEndsTheChannel) {
  RawChannel channel(c_);
  channel.StartHandshake("nonsense");
  channel.WaitWhile();
  ExpectOnlyTheChannelDied(channel);
}

TEST_P(ChannelTest, Row031_FStatIsAnsweredIn148Bytes) {
  RawChannel channel(c_);
  channel.Connect();
  channel.Send(3, Stat(root_));
  EXPECT_EQ(channel.WaitWhile(), 0u);
  EXPECT_EQ(channel.data_len(), 148u);
  EXPECT_EQ(channel.message(), 3);
  EXPECT_EQ(channel.num_fds(), 0);
}

TEST_P(ChannelTest, Row032_DonatedFdIsThereBeforeTheAnswer) {
  RawChannel channel(c_);
  channel.Connect();
  channel.Send(7, Encoded(wire::OpenAtReq{To({"f"}), O_RDONLY}));
  EXPECT_EQ(channel.WaitWhile(), 0u);
  EXPECT_EQ(channel.num_fds(), 1);
  EXPECT_TRUE(channel.TryReceiveFd().valid());
  EXPECT_FALSE(channel.TryReceiveFd().valid());
}

TEST_P(ChannelTest, Row033_EmptyAnswerIsTheHeaderAlone) {
  RawChannel channel(c_);
  channel.Connect();
  channel.Send(9, Encoded(wire::CloseReq{}));
  EXPECT_EQ(channel.WaitWhile(), 0u);
  EXPECT_EQ(channel.data_len(), 4u);
  EXPECT_EQ(channel.message(), 9);
}

TEST_P(ChannelTest, Row034_UnknownMessageIsNotSupported) {
  RawChannel channel(c_);
  channel.Connect();
  channel.Send(200, {});
  EXPECT_EQ(channel.WaitWhile(), 0u);
  EXPECT_EQ(channel.message(), 0);
  EXPECT_EQ(channel.data_len(), 8u);
  EXPECT_EQ(ToHex(channel.payload()), "5f000000");
}

TEST_P(ChannelTest, Row035_ChannelMayBeOpenedOverAChannel) {
  RawChannel channel(c_);
  channel.Connect();
  channel.Send(2, {});
  EXPECT_EQ(channel.WaitWhile(), 0u);
  EXPECT_EQ(channel.num_fds(), 2);
  const base::UniqueFd data = channel.TryReceiveFd();
  const base::UniqueFd socket = channel.TryReceiveFd();
  EXPECT_GE(::fcntl(data.get(), F_GET_SEALS), 0);
  struct stat second;
  ASSERT_EQ(::fstat(socket.get(), &second), 0);
  EXPECT_TRUE(S_ISSOCK(second.st_mode));
  // And the same with the client that does everything right.
  EXPECT_EQ(session_.connection->channel_count(), 2u);
}

TEST_P(ChannelTest, Row036_AnnouncedFdsThatDoNotExistAreIgnored) {
  RawChannel channel(c_);
  channel.Connect();
  channel.Send(3, Stat(root_), 3);
  EXPECT_EQ(channel.WaitWhile(), 0u);
  EXPECT_EQ(channel.message(), 3);
}

TEST_P(ChannelTest, Row037_FdsOfTheClientAreRefused) {
  RawChannel channel(c_);
  channel.Connect();
  const base::UniqueFd gift(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int gifts[] = {gift.get()};
  EXPECT_EQ(uds::SendWithFds(channel.fd_socket(), {}, gifts, 0).error(),
            base::Errno(EPIPE));
  channel.Send(3, Stat(root_), 1);
  EXPECT_EQ(channel.WaitWhile(), 0u);
  EXPECT_EQ(channel.num_fds(), 0);
  EXPECT_FALSE(channel.TryReceiveFd().valid());
}

TEST_P(ChannelTest, Row038_DatagramShorterThanItsHeaderEndsTheChannel) {
  RawChannel channel(c_);
  channel.Connect();
  channel.Send(3, Stat(root_), 0, 3);
  channel.WaitWhile();
  ExpectOnlyTheChannelDied(channel);
}

TEST_P(ChannelTest, Row039_EmptyDatagramEndsTheChannel) {
  RawChannel channel(c_);
  channel.Connect();
  channel.Send(3, Stat(root_), 0, 0);
  channel.WaitWhile();
  ExpectOnlyTheChannelDied(channel);
}

TEST_P(ChannelTest, Row040_DatagramLongerThanTheWindowEndsTheChannel) {
  RawChannel channel(c_);
  channel.Connect();
  channel.Send(3, Stat(root_), 0, 2'097'137);
  channel.WaitWhile();
  ExpectOnlyTheChannelDied(channel);
}

TEST_P(ChannelTest, Row041_StateThatDoesNotExistEndsTheChannel) {
  RawChannel channel(c_);
  channel.Connect();
  channel.set_state(7);
  channel.WaitWhile(7);
  ExpectOnlyTheChannelDied(channel);
}

TEST_P(ChannelTest, Row042_DeadChannelsKeepTheirPlace) {
  for (size_t i = 0; i < Limit(); ++i) {
    RawChannel channel(c_);
    channel.StartHandshake("nonsense");
    channel.WaitWhile();
  }
  EXPECT_EQ(c_.OpenChannel(), ENOMEM);
}

TEST_P(ChannelTest, Row043_EndOfTheConnectionShutsChannelsDown) {
  RawChannel channel(c_);
  channel.Connect();
  session_.connection->Stop(lisafs::StopMode::kClose,
                            lisafs::EndReason::kAdminStop);
  served_.server().Wait();
  EXPECT_EQ(channel.state(), kShutDown);
}

INSTANTIATE_TEST_SUITE_P(All, ChannelTest, testing::ValuesIn(SocketSettings()),
                         NameOfSetting);

}  // namespace
}  // namespace gofer::test
