#include "controlplane/service/handler_methods.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/controlplane/service/methods_fixture.h"

namespace goferd::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class HandlerMethodsTest : public MethodsTest {
 protected:
  auto Create(const std::string& id, const std::string& rule) {
    auto request = Proto<admin::CreateHandlerRuleRequest>(
        absl::StrCat("parent: 'servers/a' handler_rule { ", rule, " }"));
    request.set_handler_rule_id(id);
    return bodies_.handlers.CreateHandlerRule(context_, request);
  }
  auto Set(const std::string& request) {
    return bodies_.handlers.SetHandlers(
        context_, Proto<admin::SetHandlersRequest>(request));
  }
  auto Upsert(const std::string& request) {
    return bodies_.handlers.BatchUpsertHandlerRules(
        context_, Proto<admin::BatchUpsertHandlerRulesRequest>(request));
  }
};

TEST_F(HandlerMethodsTest, HandlersAreInPagesByNumber) {
  AddServer("a");
  auto request =
      Proto<admin::ListHandlersRequest>("parent: 'servers/a' page_size: 2");
  const auto first = bodies_.handlers.ListHandlers(context_, request);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->handlers_size(), 2);
  request.set_page_token(first->next_page_token());
  const auto second = bodies_.handlers.ListHandlers(context_, request);
  ASSERT_TRUE(second.ok()) << second.status();
  ASSERT_EQ(second->handlers_size(), 1);
  EXPECT_EQ(second->handlers(0).mid(), admin::MID_FSTAT);
  EXPECT_THAT(second->next_page_token(), IsEmpty());
}

TEST_F(HandlerMethodsTest, StrictRequestsAreToBeRefusedWhenTheyAreEscaped) {
  AddServer("a");
  ASSERT_TRUE(Set("parent: 'servers/a' strict: true").ok());
  EXPECT_EQ(supervisor_.escapes(), supervisor::Escapes::kRefuse);
  ASSERT_TRUE(Set("parent: 'servers/a'").ok());
  EXPECT_EQ(supervisor_.escapes(), supervisor::Escapes::kWarn);
  ASSERT_TRUE(Upsert("parent: 'servers/a' strict: true handler_rules { name: "
                     "'servers/a/handlerRules/r' deny {} permanent: true }")
                  .ok());
  EXPECT_EQ(supervisor_.escapes(), supervisor::Escapes::kRefuse);
  ASSERT_TRUE(Create("s", "deny {} permanent: true").ok());
  EXPECT_EQ(supervisor_.escapes(), supervisor::Escapes::kWarn);
}

TEST_F(HandlerMethodsTest, ReportsAllFaultsOfAHandlerTable) {
  EXPECT_THAT(
      FieldsOf(Set("parent: 'a' "
                   "assignments { mid: MID_MOUNT implementation: 'stock' } "
                   "assignments { mid: MID_MOUNT } "
                   "assignments { implementation: 'stock' } request_id: '?'")
                   .status()),
      ElementsAre("parent", "assignments[1].mid",
                  "assignments[1].implementation",
                  "assignments[2].mid UNKNOWN_MID", "request_id"));
}

TEST_F(HandlerMethodsTest, AResetNeedsAScope) {
  AddServer("a");
  auto request = Proto<admin::ResetHandlersRequest>("parent: 'servers/a'");
  EXPECT_THAT(
      FieldsOf(bodies_.handlers.ResetHandlers(context_, request).status()),
      ElementsAre("scope"));
  request.set_scope(admin::ResetHandlersRequest::FAULTS);
  EXPECT_TRUE(bodies_.handlers.ResetHandlers(context_, request).ok());
}

TEST_F(HandlerMethodsTest, ARuleIsMadeReadAndRemoved) {
  AddServer("a");
  const auto made = Create("r",
                           "observe {} permanent: true uid: 'u' etag: 'e' "
                           "counters { hit_count: 7 }");
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->name(), "servers/a/handlerRules/r");
  EXPECT_NE(made->uid(), "u");
  EXPECT_EQ(made->counters().hit_count(), 0);
  EXPECT_EQ(ReasonOf(Create("r", "observe {} permanent: true").status()),
            Reason::RULE_ALREADY_EXISTS);
  auto request = Proto<admin::DeleteHandlerRuleRequest>(
      "name: 'servers/a/handlerRules/r'");
  EXPECT_TRUE(bodies_.handlers.DeleteHandlerRule(context_, request).ok());
  EXPECT_EQ(
      ReasonOf(bodies_.handlers.DeleteHandlerRule(context_, request).status()),
      Reason::RULE_NOT_FOUND);
  request.set_allow_missing(true);
  EXPECT_TRUE(bodies_.handlers.DeleteHandlerRule(context_, request).ok());
  EXPECT_EQ(ReasonOf(bodies_.handlers
                         .GetHandlerRule(
                             context_, Proto<admin::GetHandlerRuleRequest>(
                                           "name: 'servers/a/handlerRules/r'"))
                         .status()),
            Reason::RULE_NOT_FOUND);
}

TEST_F(HandlerMethodsTest, ReportsAllFaultsOfARule) {
  EXPECT_THAT(FieldsOf(Create("R", "error { code: 'X' }").status()),
              ElementsAre("handler_rule_id", "handler_rule.error.code",
                          "handler_rule.ttl"));
}

TEST_F(HandlerMethodsTest, ReportsAllFaultsOfABatch) {
  EXPECT_THAT(FieldsOf(Upsert("parent: 'servers/a'").status()),
              ElementsAre("handler_rules"));
  EXPECT_THAT(
      FieldsOf(Upsert("parent: 'servers/a' "
                      "handler_rules { name: 'servers/a/handlerRules/r' "
                      "observe {} permanent: true } "
                      "handler_rules { name: 'servers/a/handlerRules/r' "
                      "observe {} permanent: true } "
                      "handler_rules { name: 'servers/b/handlerRules/r' "
                      "observe {} permanent: true } "
                      "handler_rules { permanent: true }")
                   .status()),
      ElementsAre("handler_rules[1].name", "handler_rules[2].name",
                  "handler_rules[3].name", "handler_rules[3].action"));
}

TEST_F(HandlerMethodsTest, ABatchMakesAndReplaces) {
  AddServer("a");
  ASSERT_TRUE(Create("r", "observe {} permanent: true").ok());
  const auto rules = Upsert(
      "parent: 'servers/a' "
      "handler_rules { name: 'servers/a/handlerRules/s' deny {} "
      "permanent: true } "
      "handler_rules { name: 'servers/a/handlerRules/r' deny {} "
      "permanent: true }");
  ASSERT_TRUE(rules.ok()) << rules.status();
  ASSERT_EQ(rules->handler_rules_size(), 2);
  EXPECT_EQ(rules->handler_rules(0).name(), "servers/a/handlerRules/s");
  EXPECT_TRUE(rules->handler_rules(1).has_deny());
}

TEST_F(HandlerMethodsTest, RulesAreListedInPages) {
  AddServer("a");
  for (const char* const id : {"r", "s", "t"}) {
    ASSERT_TRUE(Create(id, "observe {} permanent: true").ok());
  }
  ASSERT_TRUE(Create("u", "deny {} permanent: true").ok());
  auto request = Proto<admin::ListHandlerRulesRequest>(
      "parent: 'servers/-' page_size: 2 filter: 'action = observe'");
  const auto first = bodies_.handlers.ListHandlerRules(context_, request);
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_EQ(first->handler_rules_size(), 2);
  EXPECT_EQ(first->handler_rules(1).name(), "servers/a/handlerRules/s");
  request.set_page_token(first->next_page_token());
  const auto second = bodies_.handlers.ListHandlerRules(context_, request);
  ASSERT_TRUE(second.ok()) << second.status();
  ASSERT_EQ(second->handler_rules_size(), 1);
  EXPECT_EQ(second->handler_rules(0).name(), "servers/a/handlerRules/t");
  EXPECT_THAT(second->next_page_token(), IsEmpty());
}

}  // namespace
}  // namespace goferd::testing
