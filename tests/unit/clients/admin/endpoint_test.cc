#include "clients/admin/endpoint.h"

#include <gtest/gtest.h>

namespace goferd::client {
namespace {

TEST(EndpointTest, TakesUnixSocketsInThreeForms) {
  for (const char* text :
       {"unix:/run/a.sock", "unix:///run/a.sock", "/run/a.sock"}) {
    const auto endpoint = Endpoint::Parse(text);
    ASSERT_TRUE(endpoint.ok()) << text << ": " << endpoint.status();
    EXPECT_EQ(endpoint->target(), "unix:/run/a.sock");
    EXPECT_EQ(endpoint->text(), text);
    EXPECT_TRUE(endpoint->is_unix());
  }
}

TEST(EndpointTest, TakesThisHostWithoutTls) {
  for (const char* text : {"localhost:1", "127.0.0.1:65535", "[::1]:7443"}) {
    const auto endpoint = Endpoint::Parse(text);
    ASSERT_TRUE(endpoint.ok()) << text << ": " << endpoint.status();
    EXPECT_EQ(endpoint->target(), std::string("dns:///") + text);
    EXPECT_FALSE(endpoint->is_unix());
  }
}

TEST(EndpointTest, RefusesOtherHostsWithoutTls) {
  for (const char* text :
       {"node1:7443", "127.evil.example:1", "[fe80::1]:1", "10.0.0.1:7443"}) {
    EXPECT_FALSE(Endpoint::Parse(text).ok()) << text;
  }
  const auto endpoint = Endpoint::Parse("node1:7443", {.ca = "ca.pem"});
  ASSERT_TRUE(endpoint.ok()) << endpoint.status();
  EXPECT_EQ(endpoint->tls().ca, "ca.pem");
}

TEST(EndpointTest, RefusesIncompleteTlsFiles) {
  EXPECT_FALSE(
      Endpoint::Parse("node1:1", {.ca = "a", .certificate = "b"}).ok());
  EXPECT_FALSE(
      Endpoint::Parse("localhost:1", {.certificate = "b", .key = "c"}).ok());
  EXPECT_TRUE(
      Endpoint::Parse("node1:1", {.ca = "a", .certificate = "b", .key = "c"})
          .ok());
}

TEST(EndpointTest, RefusesMalformedAddresses) {
  for (const char* text :
       {"", "node", ":1", "localhost:", "localhost:0", "localhost:65536",
        "localhost:x", "unix:relative", "unix:", "::1:7443", "[::1:7443",
        "http://localhost:1"}) {
    EXPECT_FALSE(Endpoint::Parse(text).ok()) << text;
  }
  EXPECT_TRUE(Endpoint::Parse("/" + std::string(106, 'a')).ok());
  EXPECT_FALSE(Endpoint::Parse("/" + std::string(107, 'a')).ok());
}

}  // namespace
}  // namespace goferd::client
