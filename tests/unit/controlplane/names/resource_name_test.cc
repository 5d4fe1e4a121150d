#include "controlplane/names/resource_name.h"

#include <gtest/gtest.h>

namespace goferd::names {
namespace {

TEST(ResourceNameTest, IdsAreShortAndInLowerCase) {
  for (const char* const id : {"a", "a1", "a-b", "z9-9"}) {
    EXPECT_TRUE(IsValidId(id)) << id;
  }
  for (const char* const id :
       {"", "-", "1a", "A", "a-", "-a", "a_b", "a b", "a/b", "a.b", "ä"}) {
    EXPECT_FALSE(IsValidId(id)) << id;
  }
  EXPECT_TRUE(IsValidId(std::string(63, 'a')));
  EXPECT_FALSE(IsValidId(std::string(64, 'a')));
  EXPECT_FALSE(IsValidId(absl::string_view("a\0b", 3)));
}

TEST(ResourceNameTest, ParsesNamesOfServers) {
  EXPECT_EQ(ParseServerName("servers/a", Wildcard::kRefused), "a");
  EXPECT_EQ(ParseServerName("servers/-", Wildcard::kAllowed), "-");
  EXPECT_EQ(ParseServerName("servers/-", Wildcard::kRefused), std::nullopt);
  for (const char* const name :
       {"", "a", "servers", "servers/", "/servers/a", "servers/a/", "server/a",
        "servers/a/b", "servers/A", "servers//a"}) {
    EXPECT_EQ(ParseServerName(name, Wildcard::kAllowed), std::nullopt) << name;
  }
}

TEST(ResourceNameTest, ParsesNamesOfConnections) {
  const auto name =
      ParseConnectionName("servers/a/connections/b", Wildcard::kRefused);
  ASSERT_TRUE(name);
  EXPECT_EQ(name->server_id, "a");
  EXPECT_EQ(name->id, "b");
  EXPECT_TRUE(
      ParseConnectionName("servers/-/connections/-", Wildcard::kAllowed));
  EXPECT_FALSE(
      ParseConnectionName("servers/-/connections/b", Wildcard::kRefused));
  EXPECT_FALSE(
      ParseConnectionName("servers/a/handlerRules/b", Wildcard::kRefused));
  EXPECT_FALSE(
      ParseConnectionName("servers/a/connections/b/c", Wildcard::kRefused));
}

TEST(ResourceNameTest, AHandlersNumberIsWrittenInOneWayOnly) {
  const auto name = ParseHandlerName("servers/a/handlers/12");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->mid, 12u);
  for (const char* const mid : {"0", "012", "+1", "-1", "65536", "", "x"}) {
    EXPECT_FALSE(ParseHandlerName(std::string("servers/a/handlers/") + mid))
        << mid;
  }
}

TEST(ResourceNameTest, ParsesFormattedNames) {
  EXPECT_TRUE(ParseServerName(FormatServerName("a"), Wildcard::kRefused));
  EXPECT_TRUE(
      ParseConnectionName(FormatConnectionName("a", "b"), Wildcard::kRefused));
  EXPECT_TRUE(ParseRuleName(FormatRuleName("a", "b")));
  EXPECT_TRUE(ParseHandlerName(FormatHandlerName("a", 33)));
}

}  // namespace
}  // namespace goferd::names
