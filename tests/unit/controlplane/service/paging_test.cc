#include "controlplane/service/paging.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/escaping.h"
#include "controlplane/auth/methods.h"
#include "controlplane/service/rule_position.h"
#include "tests/unit/controlplane/service/bad_request.h"

namespace goferd::service {
namespace {

using errors::FieldViolations;
using goferd::testing::FieldsOf;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

int Taken(Page& page, size_t bytes = 1) {
  int taken = 0;
  while (taken < 5000 && page.Take("x", bytes)) ++taken;
  return taken;
}

TEST(PageTest, CoercesSizesIntoTheirRange) {
  FieldViolations violations;
  Page by_default(violations, 0, "", "s");
  EXPECT_EQ(Taken(by_default), 50);
  Page too_large(violations, 1'000'000, "", "s");
  EXPECT_EQ(Taken(too_large), 1000);
  Page small(violations, 3, "", "s");
  EXPECT_EQ(Taken(small), 3);
  EXPECT_THAT(FieldsOf(violations), IsEmpty());
  const Page negative(violations, -1, "", "s");
  EXPECT_THAT(FieldsOf(violations), ElementsAre("page_size"));
}

TEST(PageTest, APageIsBoundedInBytesButNeverEmpty) {
  FieldViolations violations;
  Page page(violations, 1000, "", "s");
  EXPECT_EQ(Taken(page, 300 << 10), 3);
  EXPECT_FALSE(page.next_token().empty());
  Page huge(violations, 1000, "", "s");
  EXPECT_EQ(Taken(huge, 10 << 20), 1);
}

TEST(PageTest, TheLastPageHasNoToken) {
  FieldViolations violations;
  Page page(violations, 2, "", "s");
  EXPECT_TRUE(page.Take("a", 1));
  EXPECT_TRUE(page.Take("b", 1));
  EXPECT_EQ(page.next_token(), "");
  EXPECT_FALSE(page.Take("c", 1));
  const Page next(violations, 2, page.next_token(), "s");
  EXPECT_THAT(FieldsOf(violations), IsEmpty());
  EXPECT_EQ(next.after(), "b");
}

TEST(PageTest, ATokenBelongsToItsParentAndFilter) {
  FieldViolations violations;
  Page page(violations, 1, "",
            PageScope(auth::methods::kListServers, "servers/a", "f"));
  page.Take("x", 1);
  page.Take("y", 1);
  const std::string token = page.next_token();
  for (const std::string& scope :
       {PageScope(auth::methods::kListServers, "servers/b", "f"),
        PageScope(auth::methods::kListServers, "servers/a", ""),
        PageScope(auth::methods::kListHandlerRules, "servers/a", "f")}) {
    FieldViolations others;
    const Page other(others, 1, token, scope);
    EXPECT_THAT(FieldsOf(others),
                ElementsAre("page_token PAGE_TOKEN_MISMATCH"));
  }
}

TEST(PageTest, RefusesForgedTokens) {
  for (const std::string& token :
       {std::string("x"), std::string("%%%"), std::string(100'000, 'A'),
        absl::WebSafeBase64Escape("1")}) {
    FieldViolations violations;
    const Page page(violations, 1, token, "s");
    EXPECT_THAT(FieldsOf(violations),
                ElementsAre("page_token PAGE_TOKEN_MISMATCH"));
  }
}

admin::HandlerRule Rule(const std::string& id, int32_t priority,
                        int64_t seconds) {
  admin::HandlerRule rule;
  rule.set_name("servers/a/handlerRules/" + id);
  rule.set_priority(priority);
  rule.mutable_create_time()->set_seconds(seconds);
  return rule;
}

TEST(RulePositionTest, IsFoundInAListThatChanged) {
  const auto first = Rule("first", 9, 5);
  const auto second = Rule("second", -3, 1);
  const auto third = Rule("third", -3, 2);
  const auto position = RulePosition::Parse(RulePosition(second).ToString());
  ASSERT_TRUE(position);
  EXPECT_EQ(position->FindIn({first, second, third}), 2u);
  EXPECT_EQ(position->FindIn({first, third}), 1u);
  EXPECT_EQ(position->FindIn({second}), 1u);
  EXPECT_EQ(position->FindIn({first}), 1u);
  EXPECT_EQ(position->FindIn({}), 0u);
}

TEST(RulePositionTest, RulesOfOneMomentAreNotLeftOut) {
  const auto a = Rule("a", 0, 1);
  const auto b = Rule("b", 0, 1);
  const auto c = Rule("c", 0, 1);
  const RulePosition position(b);
  EXPECT_EQ(position.FindIn({a, b, c}), 2u);
  EXPECT_EQ(position.FindIn({a, c}), 0u);
}

TEST(RulePositionTest, OtherTextsAreRefused) {
  for (const char* const text : {"", "a", "a/b/c/d", "a/1/2", "a/1/2/r/x"}) {
    EXPECT_FALSE(RulePosition::Parse(text)) << text;
  }
}

}  // namespace
}  // namespace goferd::service
