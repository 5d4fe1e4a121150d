#include "clients/goferctl/names.h"

#include <gtest/gtest.h>

#include "clients/goferctl/exit_code.h"
#include "goferd/admin/v1/mid.pb.h"

namespace goferctl {
namespace {

TEST(NamesTest, TakesShortAndFullNames) {
  EXPECT_EQ(*ServerName("web"), "servers/web");
  EXPECT_EQ(*ServerName("servers/web"), "servers/web");
  EXPECT_EQ(*ServerName("-"), "servers/-");
  for (const char* word : {"web/c1", "servers/web/connections/c1"}) {
    EXPECT_EQ(FullConnectionName(*ConnectionName(word)),
              "servers/web/connections/c1");
  }
  EXPECT_EQ(FullRuleName(*RuleName("web/r")), "servers/web/handlerRules/r");
  EXPECT_EQ(*ServerOrConnectionName("web"), "servers/web");
  EXPECT_EQ(*ServerOrConnectionName("-/-"), "servers/-/connections/-");
}

TEST(NamesTest, RefusesOtherWords) {
  for (const char* word : {"", "a/b", "servers/", "servers/a/b"}) {
    EXPECT_TRUE(IsUsageError(ServerName(word).status())) << word;
  }
  for (const char* word :
       {"", "a", "a/", "/b", "a/b/c", "servers/web/handlerRules/r"}) {
    EXPECT_TRUE(IsUsageError(ConnectionName(word).status())) << word;
  }
}

TEST(NamesTest, ShortensNames) {
  EXPECT_EQ(ShortName("servers/web"), "web");
  EXPECT_EQ(ShortName("servers/web/connections/c1"), "web/c1");
  EXPECT_EQ(ShortName("odd"), "odd");
  EXPECT_EQ(ShortName(""), "");
}

TEST(NamesTest, ParsesEverySpellingOfAMessage) {
  for (const char* word : {"PRead", "pread", "MID_PREAD", "12"}) {
    ASSERT_TRUE(ParseMid(word).ok()) << word;
    EXPECT_EQ(*ParseMid(word), goferd::admin::v1::MID_PREAD);
  }
  EXPECT_EQ(*ParseMid("OpenCreateAt"), goferd::admin::v1::MID_OPEN_CREATE_AT);
  EXPECT_EQ(static_cast<int>(*ParseMid("77")), 77);
  for (const char* word : {"", "0", "-1", "70000", "unspecified", "Nothing"}) {
    EXPECT_TRUE(IsUsageError(ParseMid(word).status())) << word;
  }
  EXPECT_EQ(MidName(goferd::admin::v1::MID_OPEN_AT), "open_at");
  EXPECT_EQ(MidName(static_cast<goferd::admin::v1::Mid>(77)), "77");
}

}  // namespace
}  // namespace goferctl
