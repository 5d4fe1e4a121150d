// Rules and handlers over the control socket.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <time.h>

#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "server/rules/unix_clock.h"
#include "server/wire/message_id.h"
#include "tests/integration/control/gofer_under_test.h"

namespace gofer::test {
namespace {

using client::Client;

constexpr auto kOpenAt = static_cast<uint32_t>(wire::MessageId::kOpenAt);
constexpr auto kPRead = static_cast<uint32_t>(wire::MessageId::kPRead);

class RulesTest : public testing::Test {
 protected:
  RulesTest() {
    gofer_.root().Write("hello", "from the tree");
    goferd_ = gofer_.Start();
  }

  static v1::Rule MakeRule(const std::string& uid, uint32_t mid) {
    v1::Rule rule;
    rule.set_uid(uid);
    rule.set_rule_id("id-of-" + uid);
    rule.set_age_number(1);
    rule.add_mids(mid);
    rule.set_daemon_data("data");
    rule.set_max_active(1);
    return rule;
  }

  v1::Response Upsert(const v1::Rule& rule) {
    v1::ToGofer message;
    *message.mutable_change_rules()->add_upsert() = rule;
    return goferd_->Ask(message);
  }
  v1::Response Remove(const std::string& uid) {
    v1::ToGofer message;
    message.mutable_change_rules()->add_remove_uids(uid);
    return goferd_->Ask(message);
  }
  v1::RuleList List() {
    v1::ToGofer message;
    message.mutable_list_rules();
    return goferd_->Ask(message).rules();
  }
  v1::InflightList Inflight() {
    v1::ToGofer message;
    message.mutable_list_inflight();
    return goferd_->Ask(message).inflight();
  }

  GoferUnderTest gofer_;
  std::unique_ptr<FakeGoferd> goferd_;
};

TEST_F(RulesTest, AnErrorIsAnsweredWhileTheRuleStands) {
  const Client client = GoferUnderTest::Connect(*goferd_, "c");
  v1::Rule rule = MakeRule("r", kOpenAt);
  rule.set_error_number(EIO);
  rule.set_connection_id("id-of-c");
  const v1::Response changed = Upsert(rule);
  ASSERT_EQ(changed.rules().rules_size(), 1) << changed.failure().text();
  EXPECT_EQ(ReadFile(client, "hello"), absl::StrCat("errno ", EIO));
  const v1::RuleList list = List();
  ASSERT_EQ(list.rules_size(), 1);
  EXPECT_EQ(list.rules(0).counters().hits(), 1u);
  EXPECT_EQ(list.rules(0).daemon_data(), "data");
  EXPECT_EQ(list.rules(0).error_number(), EIO);
  ASSERT_FALSE(Remove("r").has_failure());
  EXPECT_EQ(ReadFile(client, "hello"), "from the tree");
}

TEST_F(RulesTest, RulesWithoutSenseChangeNothing) {
  v1::Rule rule = MakeRule("r", kOpenAt);
  EXPECT_EQ(Upsert(rule).failure().code(), v1::Failure::MALFORMED);
  rule.mutable_delay()->set_fixed_ns(-1);
  EXPECT_EQ(Upsert(rule).failure().code(), v1::Failure::MALFORMED);
  rule.mutable_observe();
  rule.add_mids(60000);
  EXPECT_EQ(Upsert(rule).failure().code(), v1::Failure::UNKNOWN_MID);
  EXPECT_EQ(List().rules_size(), 0);
}

TEST_F(RulesTest, AHeldRequestIsSeenAndStalls) {
  const Client client = GoferUnderTest::Connect(*goferd_, "c");
  v1::Rule rule = MakeRule("r", kPRead);
  rule.mutable_hang();
  ASSERT_FALSE(Upsert(rule).has_failure());
  std::string read;
  std::thread reader([&] { read = ReadFile(client, "hello"); });
  const auto stalled = [&](bool active) {
    return goferd_->AwaitEvent([&](const v1::Event& event) {
      return event.condition_changed().type() ==
                 v1::ConditionChanged::STALLED_REQUEST &&
             event.condition_changed().active() == active;
    });
  };
  EXPECT_EQ(stalled(true).condition_changed().connection_uid(), "c");
  const v1::InflightList list = Inflight();
  ASSERT_EQ(list.requests_size(), 1);
  EXPECT_EQ(list.requests(0).mid(), kPRead);
  EXPECT_EQ(list.requests(0).rule_uid(), "r");
  EXPECT_GT(list.requests(0).age_ns(), 0);
  EXPECT_FALSE(Remove("r").has_failure());
  reader.join();
  EXPECT_EQ(read, "from the tree");
  stalled(false);
}

TEST_F(RulesTest, ARuleExpires) {
  v1::Rule rule = MakeRule("r", kOpenAt);
  rule.mutable_observe();
  rule.set_expire_unix_ns(rules::UnixNanos() + 50'000'000);
  ASSERT_FALSE(Upsert(rule).has_failure());
  const v1::Event event = goferd_->AwaitEvent(
      [](const v1::Event& any) { return any.has_rule_expired(); });
  EXPECT_EQ(event.rule_expired().rule_uid(), "r");
  EXPECT_EQ(List().rules_size(), 0);
}

TEST_F(RulesTest, ADisconnectSaysWhichRule) {
  const Client client = GoferUnderTest::Connect(*goferd_, "c");
  v1::Rule rule = MakeRule("r", kOpenAt);
  rule.mutable_disconnect();
  ASSERT_FALSE(Upsert(rule).has_failure());
  EXPECT_NE(ReadFile(client, "hello"), "from the tree");
  const auto ended = goferd_->AwaitState("c", v1::CONNECTION_STATE_ENDED);
  EXPECT_EQ(ended.end_reason(), v1::END_REASON_RULE_DISCONNECT);
  EXPECT_EQ(ended.end_detail(), "id-of-r");
}

TEST_F(RulesTest, HandlersAreReplacedAsAWhole) {
  const Client client = GoferUnderTest::Connect(*goferd_, "c");
  v1::ToGofer list;
  list.mutable_list_handlers();
  const v1::HandlerList stock = goferd_->Ask(list).handlers();
  EXPECT_EQ(stock.generation(), 1u);
  EXPECT_GT(stock.handlers_size(), 30);
  v1::ToGofer set;
  for (const v1::Handler& handler : stock.handlers()) {
    if (handler.mid() == kOpenAt) continue;
    auto& row = *set.mutable_set_handlers()->add_assignments();
    row.set_mid(handler.mid());
    row.set_implementation(handler.implementation());
  }
  set.mutable_set_handlers()->set_expected_generation(1);
  EXPECT_EQ(goferd_->Ask(set).handlers().generation(), 2u);
  EXPECT_EQ(ReadFile(client, "hello"), absl::StrCat("errno ", EOPNOTSUPP));
  EXPECT_EQ(goferd_->Ask(set).failure().code(), v1::Failure::WRONG_STATE);
  set.mutable_set_handlers()->set_expected_generation(0);
  auto& row = *set.mutable_set_handlers()->add_assignments();
  row.set_mid(kOpenAt);
  row.set_implementation("nobody's");
  EXPECT_EQ(goferd_->Ask(set).failure().code(),
            v1::Failure::UNKNOWN_IMPLEMENTATION);
  row.set_implementation("stock");
  EXPECT_FALSE(goferd_->Ask(set).has_failure());
  EXPECT_EQ(ReadFile(client, "hello"), "from the tree");
}

TEST_F(RulesTest, RulesArePartOfAnAdoption) {
  v1::Rule rule = MakeRule("r", kOpenAt);
  rule.mutable_observe();
  ASSERT_FALSE(Upsert(rule).has_failure());
  FakeGoferd second(gofer_.socket_path());
  const v1::Response response = second.Adopt();
  ASSERT_EQ(response.adopt().rules_size(), 1);
  EXPECT_EQ(response.adopt().rules(0).rule_id(), "id-of-r");
}

}  // namespace
}  // namespace gofer::test
