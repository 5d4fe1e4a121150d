#include "controlplane/translate/connection_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace goferd::translate {
namespace {

using Options = admin::ConnectionOptions;
using testing::ElementsAre;
using testing::IsEmpty;

Options Complete(const Options& asked) {
  return CompleteOptions(asked, {}, 1 << 20);
}

std::vector<std::string> Exceeded(const Options& asked, const Options& maxima) {
  Options options = Complete(asked);
  std::vector<std::string> fields;
  for (const auto& option : LimitOptions(asked, maxima, options)) {
    fields.push_back(option.field);
  }
  return fields;
}

TEST(LimitOptionsTest, LowersDefaultsToTheMaxima) {
  Options maxima;
  maxima.set_readonly(true);
  maxima.set_donate_host_fds(Options::NO_FDS);
  maxima.set_character_devices(Options::REFUSE_DEVICES);
  maxima.set_max_fds(100);
  Options options = Complete({});
  EXPECT_THAT(LimitOptions({}, maxima, options), IsEmpty());
  EXPECT_TRUE(options.readonly());
  EXPECT_EQ(options.donate_host_fds(), Options::NO_FDS);
  EXPECT_EQ(options.character_devices(), Options::REFUSE_DEVICES);
  EXPECT_EQ(options.max_fds(), 100);
}

TEST(LimitOptionsTest, NamesAllThatWasAskedForBeyondTheMaxima) {
  Options maxima;
  maxima.set_readonly(true);
  maxima.set_donate_host_fds(Options::FILES);
  maxima.set_host_uds(Options::NONE);
  maxima.set_host_fifo(Options::REFUSE_FIFOS);
  maxima.set_character_devices(Options::REFUSE_DEVICES);
  maxima.set_max_message_size(4096);
  maxima.set_max_channels(1);
  maxima.set_max_fds(100);
  maxima.set_max_nodes(100);
  Options asked;
  asked.set_readonly(false);
  asked.set_donate_host_fds(Options::FILES_AND_MOUNT_POINT);
  asked.set_host_uds(Options::ALL);
  asked.set_host_fifo(Options::OPEN_FIFOS);
  asked.set_character_devices(Options::OPEN_DEVICES);
  asked.set_max_message_size(8192);
  asked.set_max_channels(2);
  asked.set_max_fds(1048576);
  asked.set_max_nodes(101);
  EXPECT_THAT(Exceeded(asked, maxima),
              ElementsAre("readonly", "donate_host_fds", "host_uds",
                          "host_fifo", "character_devices", "max_message_size",
                          "max_channels", "max_fds", "max_nodes"));
  EXPECT_THAT(Exceeded(asked, {}), IsEmpty());
  EXPECT_THAT(Exceeded(maxima, maxima), IsEmpty());
}

TEST(LimitOptionsTest, SocketsToConnectToAndToBindAreApart) {
  Options maxima;
  maxima.set_host_uds(Options::CREATE);
  Options asked;
  for (const auto allowed : {Options::NONE, Options::CREATE}) {
    asked.set_host_uds(allowed);
    EXPECT_THAT(Exceeded(asked, maxima), IsEmpty());
  }
  for (const auto refused : {Options::OPEN, Options::ALL}) {
    asked.set_host_uds(refused);
    EXPECT_THAT(Exceeded(asked, maxima), ElementsAre("host_uds"));
  }
}

}  // namespace
}  // namespace goferd::translate
