#include "controlplane/config/load.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <string>

#include "controlplane/config/text_file.h"
#include "controlplane/config/validate.h"

namespace goferd::config {
namespace {

Environment Root() { return {"host-1", "/opt/goferd/bin", "", 0}; }

// A file that is removed with the test.
class ConfigFile {
 public:
  explicit ConfigFile(const std::string& text) {
    const char* directory = ::getenv("TMPDIR");
    path_ = std::string(directory == nullptr ? "/tmp" : directory) +
            "/goferd-config-XXXXXX";
    const int fd = ::mkstemp(path_.data());
    EXPECT_GE(fd, 0);
    ::close(fd);
    std::ofstream(path_) << text;
  }
  ~ConfigFile() { ::unlink(path_.c_str()); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string ErrorOf(const std::string& text, const Overrides& overrides = {}) {
  const ConfigFile file(text);
  return std::string(
      LoadConfig(file.path(), overrides, Root()).status().message());
}

TEST(LoadConfigTest, LoadsWithoutFileAndFlags) {
  const auto config = LoadConfig("", {}, Root());
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->node(), "host-1");
  EXPECT_EQ(config->state_directory(), "/run/goferd");
  EXPECT_EQ(config->gofer_path(), "/opt/goferd/bin/gofer");
  ASSERT_EQ(config->listeners_size(), 1);
  EXPECT_EQ(config->listeners(0).uds().path(), "/run/goferd/admin.sock");
  EXPECT_EQ(config->listeners(0).uds().mode(), 0600u);
  EXPECT_EQ(config->grpc().max_request_bytes(), 262144);
  EXPECT_EQ(config->servers().max_limits().max_connections(), 4096);
  EXPECT_EQ(config->shutdown_timeout().seconds(), 10);
}

TEST(LoadConfigTest, OtherUsersHaveTheirRuntimeDirectory) {
  const auto config = LoadConfig("", {}, {"h", "/bin", "/run/user/5", 5});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->state_directory(), "/run/user/5/goferd");
  const auto without = LoadConfig("", {}, {"h", "/bin", "", 5});
  EXPECT_NE(without.status().message().find("state_directory"),
            std::string::npos);
}

TEST(LoadConfigTest, UnknownFieldIsNamedWithItsPlace) {
  const std::string error = ErrorOf("node: \"a\"\n  max_servers: 3\n");
  EXPECT_NE(error.find(":2:"), std::string::npos) << error;
  EXPECT_NE(error.find("max_servers"), std::string::npos) << error;
}

TEST(LoadConfigTest, ReportsAllViolationsAtOnce) {
  const std::string error = ErrorOf(R"(
    max_kept_events: 5
    roles_file: "relative"
    grpc { max_concurrent_streams: -1 }
    servers { default_limits { max_fds: 2000000 } }
    attach { default_ticket_ttl { seconds: 601 } mode: 0700 }
    listeners { tcp { address: "localhost:1" plaintext_loopback_role: ROLE_ADMIN } }
    listeners { }
  )");
  for (const char* field :
       {"max_kept_events", "roles_file", "grpc.max_concurrent_streams",
        "servers.default_limits.max_fds", "attach.default_ticket_ttl",
        "attach.mode", "listeners[0].tcp.address", "listeners[1]"}) {
    EXPECT_NE(error.find(field), std::string::npos) << field << " in " << error;
  }
}

TEST(LoadConfigTest, RefusesLimitsThatNoGoferTakes) {
  const std::string error = ErrorOf(
      "servers { max_handler_rules: 1001 default_limits { max_fds: 63 } }");
  EXPECT_NE(error.find("servers.max_handler_rules"), std::string::npos);
  EXPECT_NE(error.find("servers.default_limits.max_fds"), std::string::npos);
  EXPECT_EQ(
      ErrorOf("servers { max_handler_rules: 1000 default_limits { max_fds: 64 "
              "} }"),
      "");
}

TEST(LoadConfigTest, PlaintextOffLoopbackIsRefused) {
  const std::string error = ErrorOf(
      "listeners { tcp { address: \"0.0.0.0:7443\" "
      "plaintext_loopback_role: ROLE_VIEWER } }");
  EXPECT_NE(error.find("loopback"), std::string::npos) << error;
  Overrides overrides;
  overrides.listeners = {{"tcp:[::1]:0"}};
  overrides.plaintext_loopback_role = "viewer";
  const auto config = LoadConfig("", overrides, Root());
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->listeners(0).tcp().plaintext_loopback_role(),
            v1::ROLE_VIEWER);
}

TEST(LoadConfigTest, FlagsReplaceTheFile) {
  const ConfigFile file(
      "node: \"file\" allowed_roots: \"/a\" allowed_roots: \"/b\"");
  Overrides overrides;
  overrides.log_level = "debug";
  overrides.log_format = "json";
  overrides.allowed_roots = {"/c"};
  const auto config = LoadConfig(file.path(), overrides, Root());
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->node(), "file");
  ASSERT_EQ(config->allowed_roots_size(), 1);
  EXPECT_EQ(config->allowed_roots(0), "/c");
  EXPECT_EQ(config->log().level(), admin::v1::LOG_LEVEL_DEBUG);
  EXPECT_EQ(config->log().format(), v1::LogConfig::JSON);
}

TEST(LoadConfigTest, ReportsAllFlagsWithFaults) {
  Overrides overrides;
  overrides.log_level = "loud";
  overrides.log_format = "xml";
  overrides.listeners = {{"/just/a/path"}, {"tcp:1:2"}};
  v1::DaemonConfig config;
  const std::string error(Apply(overrides, config).message());
  EXPECT_NE(error.find("--log-level"), std::string::npos);
  EXPECT_NE(error.find("--log-format"), std::string::npos);
  EXPECT_NE(error.find("/just/a/path"), std::string::npos);
  EXPECT_NE(error.find("--plaintext-loopback-role"), std::string::npos);
}

TEST(LoadConfigTest, PrintedConfigIsReadBack) {
  const auto config = LoadConfig("", {}, Root());
  ASSERT_TRUE(config.ok());
  v1::DaemonConfig again;
  ASSERT_TRUE(ParseText("printed", ToText(*config), again).ok());
  EXPECT_EQ(again.SerializeAsString(), config->SerializeAsString());
}

TEST(LoadConfigTest, RefusesPathsThatAreNoFiles) {
  EXPECT_FALSE(LoadConfig("/nonexistent/x", {}, Root()).ok());
  EXPECT_FALSE(LoadConfig("/dev/zero", {}, Root()).ok());
  EXPECT_FALSE(LoadConfig("/tmp", {}, Root()).ok());
}

TEST(LoadConfigTest, RefusesTwoListenersAtOneAddress) {
  const std::string error = ErrorOf(
      "listeners { uds { path: \"/run/x.sock\" } }"
      "listeners { uds { path: \"/run/x.sock\" } }");
  EXPECT_NE(error.find("used twice"), std::string::npos) << error;
}

TEST(LoadConfigTest, RefusesSocketPathsThatAreTooLong) {
  const std::string error =
      ErrorOf("listeners { uds { path: \"/" + std::string(105, 'x') + "\" } }");
  EXPECT_NE(error.find("too long"), std::string::npos) << error;
}

}  // namespace
}  // namespace goferd::config
