#include "controlplane/daemon/listeners.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "controlplane/config/text_file.h"

namespace goferd::daemon {
namespace {

PassedSocket Port(const std::string& address) {
  PassedSocket socket;
  socket.address = address;
  socket.is_tcp = true;
  return socket;
}

config::v1::DaemonConfig Config(const std::string& text) {
  config::v1::DaemonConfig config;
  EXPECT_TRUE(config::ParseText("test", text, config).ok());
  return config;
}

TEST(ListenersTest, RecognisesEqualAddresses) {
  EXPECT_TRUE(IsAt(Port("10.0.0.5:7443"), "10.0.0.5:7443"));
  EXPECT_TRUE(IsAt(Port("[::1]:7443"), "[0:0:0:0:0:0:0:1]:7443"));
  EXPECT_TRUE(IsAt(Port("[fd00::a]:1"), "[FD00:0::000A]:1"));
}

TEST(ListenersTest, TellsDifferentAddressesApart) {
  EXPECT_FALSE(IsAt(Port("10.0.0.5:7443"), "10.0.0.5:7444"));
  EXPECT_FALSE(IsAt(Port("10.0.0.5:7443"), "10.0.0.6:7443"));
  // A socket at all addresses does not serve a listener at one address.
  EXPECT_FALSE(IsAt(Port("0.0.0.0:7443"), "127.0.0.1:7443"));
  EXPECT_FALSE(IsAt(Port("[::]:7443"), "0.0.0.0:7443"));
  EXPECT_FALSE(IsAt(Port("[::ffff:127.0.0.1]:7443"), "127.0.0.1:7443"));
  PassedSocket path;
  path.address = "127.0.0.1:7443";
  EXPECT_FALSE(IsAt(path, "127.0.0.1:7443"));
}

TEST(ListenersTest, TakesPassedPortsOutOfTheSockets) {
  const auto config = Config(
      "listeners { uds { path: \"/run/a\" } } "
      "listeners { tcp { address: \"[::1]:7443\" } }");
  std::vector<PassedSocket> passed;
  passed.emplace_back().address = "/run/a";
  passed.push_back(Port("[::1]:7443"));
  const auto tcp = SeparateTcp(config, passed);
  ASSERT_TRUE(tcp.ok()) << tcp.status();
  ASSERT_EQ(tcp->size(), 1u);
  EXPECT_EQ(tcp->front().address, "[::1]:7443");
  ASSERT_EQ(passed.size(), 1u);
  EXPECT_EQ(passed.front().address, "/run/a");
}

TEST(ListenersTest, PassedPortWithoutAListenerIsRefused) {
  std::vector<PassedSocket> passed;
  passed.push_back(Port("127.0.0.1:7443"));
  const auto tcp = SeparateTcp(Config("listeners { uds { } }"), passed);
  EXPECT_EQ(tcp.status().code(), absl::StatusCode::kFailedPrecondition);
}

}  // namespace
}  // namespace goferd::daemon
