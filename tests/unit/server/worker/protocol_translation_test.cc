#include "server/worker/protocol_translation.h"

#include <gtest/gtest.h>

#include <functional>

namespace gofer::worker {
namespace {

namespace v1 = ::goferd::worker::v1;

v1::ConnectionOptions GoodOptions() {
  v1::ConnectionOptions options;
  options.set_readonly(true);
  options.set_donate_host_fds(v1::ConnectionOptions::NO_FDS);
  options.set_host_uds(v1::ConnectionOptions::CREATE);
  options.set_host_fifo(v1::ConnectionOptions::OPEN_FIFOS);
  options.set_character_devices(v1::ConnectionOptions::REFUSE_DEVICES);
  options.set_protocol_level(v1::ConnectionOptions::AUG_2026);
  options.set_max_message_size(4096);
  options.set_max_channels(3);
  options.set_max_fds(11);
  options.set_max_nodes(12);
  return options;
}

TEST(ToConnectionOptionsTest, TranslatesEachFieldAndBack) {
  const auto translated =
      ToConnectionOptions(GoodOptions(), v1::ServerOptions());
  ASSERT_TRUE(translated.ok());
  const auto& [connection, host] = *translated;
  EXPECT_EQ(connection.access, lisafs::Access::kReadOnly);
  EXPECT_EQ(connection.donation, lisafs::Donation::kNone);
  EXPECT_EQ(connection.level, lisafs::ProtocolLevel::kAug2026);
  EXPECT_TRUE(connection.open_on_deleted) << "as the level";
  EXPECT_EQ(connection.max_fds, 11u);
  EXPECT_TRUE(host.may_bind());
  EXPECT_FALSE(host.may_connect());
  EXPECT_EQ(FromConnectionOptions(connection, host).SerializeAsString(),
            GoodOptions().SerializeAsString());
}

TEST(ToConnectionOptionsTest, TheServerSaysWhetherDeletedFilesAreOpened) {
  v1::ServerOptions server;
  server.set_open_on_deleted(false);
  EXPECT_FALSE(
      (*ToConnectionOptions(GoodOptions(), server)).connection.open_on_deleted);
}

TEST(ToConnectionOptionsTest, RejectsWhatMakesNoSense) {
  using Options = v1::ConnectionOptions;
  const std::function<void(Options&)> spoil[] = {
      [](Options& o) { o.clear_donate_host_fds(); },
      [](Options& o) { o.clear_host_uds(); },
      [](Options& o) { o.clear_host_fifo(); },
      [](Options& o) { o.clear_character_devices(); },
      [](Options& o) { o.clear_protocol_level(); },
      [](Options& o) {
        o.set_protocol_level(static_cast<Options::ProtocolLevel>(9));
      },
      [](Options& o) {
        o.set_donate_host_fds(static_cast<Options::HostFdDonation>(-1));
      },
      [](Options& o) { o.set_max_message_size(4095); },
      [](Options& o) { o.set_max_message_size(2093057); },
      [](Options& o) { o.set_max_channels(0); },
      [](Options& o) { o.set_max_channels(UINT32_MAX); },
      [](Options& o) { o.set_max_fds(0); },
      [](Options& o) { o.set_max_nodes(0); },
  };
  for (const auto& change : spoil) {
    Options options = GoodOptions();
    change(options);
    const auto result = ToConnectionOptions(options, v1::ServerOptions());
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.failure().code(), Failure::MALFORMED);
  }
}

TEST(StopTest, AcceptsOnlyModesAndReasonsOfStopConnection) {
  EXPECT_EQ(ToStopMode(v1::StopConnection::DRAIN), lisafs::StopMode::kDrain);
  EXPECT_EQ(ToStopMode(v1::StopConnection::ABORT), lisafs::StopMode::kAbort);
  EXPECT_EQ(ToStopMode(v1::StopConnection::MODE_UNSPECIFIED), std::nullopt);
  EXPECT_EQ(ToStopReason(v1::END_REASON_ATTACH_TIMEOUT),
            lisafs::EndReason::kAttachTimeout);
  EXPECT_EQ(ToStopReason(v1::END_REASON_QUOTA), std::nullopt);
}

TEST(LimitsTest, RejectsLimitsOutOfRange) {
  v1::ServerLimits limits;
  EXPECT_FALSE(AreSane(limits));
  limits.set_max_connections(1);
  limits.set_max_fds(64);
  EXPECT_TRUE(AreSane(limits));
  limits.set_max_fds(63);
  EXPECT_FALSE(AreSane(limits));
}

}  // namespace
}  // namespace gofer::worker
