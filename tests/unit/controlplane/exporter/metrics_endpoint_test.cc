#include "controlplane/exporter/metrics_endpoint.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "server/base/unique_fd.h"
#include "tests/support/fake_supervisor.h"

namespace goferd::exporter {
namespace {

using ::testing::HasSubstr;

std::string Get(int port) {
  const gofer::base::UniqueFd socket(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket.get(), reinterpret_cast<sockaddr*>(&address),
                sizeof(address)) != 0) {
    return "no connection";
  }
  const std::string request =
      "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  EXPECT_EQ(::write(socket.get(), request.data(), request.size()),
            static_cast<ssize_t>(request.size()));
  std::string text;
  char buffer[4096];
  ssize_t count = 0;
  while ((count = ::read(socket.get(), buffer, sizeof(buffer))) > 0) {
    text.append(buffer, static_cast<size_t>(count));
  }
  return text;
}

TEST(MetricsEndpointTest, ServesAllFamilies) {
  goferd::testing::FakeSupervisor supervisor;
  admin::v1::Server spec;
  spec.set_root("/");
  ASSERT_TRUE(supervisor.servers()
                  .Create("a", spec, supervisor::Effect::kReal, {})
                  .ok());
  const auto endpoint =
      MetricsEndpoint::Start("127.0.0.1:0", supervisor.statistics());
  ASSERT_TRUE(endpoint.ok()) << endpoint.status();
  const std::string text = Get((*endpoint)->port());
  EXPECT_THAT(text, HasSubstr("HTTP/1.1 200 OK"));
  EXPECT_THAT(text, HasSubstr("goferd_servers{state=\"ACTIVE\"} 1"));
  EXPECT_THAT(text, HasSubstr("goferd_servers{state=\"FAILED\"} 0"));
  EXPECT_THAT(text, HasSubstr("goferd_connections{state=\"MOUNTED\"} 0"));
  EXPECT_THAT(text, HasSubstr("goferd_pending_tickets 0"));
  EXPECT_THAT(text, HasSubstr("goferd_build_info{version="));
}

TEST(MetricsEndpointTest, RefusesAnAddressInUse) {
  goferd::testing::FakeSupervisor supervisor;
  const auto first =
      MetricsEndpoint::Start("127.0.0.1:0", supervisor.statistics());
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = MetricsEndpoint::Start(
      absl::StrCat("127.0.0.1:", (*first)->port()), supervisor.statistics());
  EXPECT_FALSE(second.ok());
  EXPECT_THAT(Get((*first)->port()), HasSubstr("200 OK"));
}

}  // namespace
}  // namespace goferd::exporter
