// Requests that a rule holds back, and everything that lets them go.

#include <sched.h>

#include <thread>

#include "server/base/clock.h"
#include "tests/support/process_counts.h"
#include "tests/unit/server/rules/rules_fixture.h"

namespace gofer::rules {
namespace {

class HeldRequestTest : public RulesTest,
                        public testing::WithParamInterface<bool> {
 protected:
  ~HeldRequestTest() override { Join(); }

  // Calls FStat on a thread and returns once the rule "r" holds it.
  void CallAndWaitUntilHeld(Action action = Hang{}) {
    if (GetParam()) {
      ASSERT_EQ(session_->OpenChannel(), 0);
    }
    Rule rule = RuleOf("r", std::move(action), {Id::kFStat});
    rule.expire_unix_ns = 1'000'000'000'000'000;
    Set({rule});
    caller_ =
        std::thread([this] { error_ = session_->FStat(session_.root).error; });
    WaitUntilHeld(1);
  }
  void WaitUntilHeld(uint32_t count) {
    while (CountersOf("r").active < count) ::sched_yield();
    while (Holders() < count) ::sched_yield();
  }
  size_t Holders() {
    size_t held = 0;
    for (const auto& connection : server().Connections()) {
      for (const auto& request : connection->InFlight()) {
        if (request.holder == "r") ++held;
      }
    }
    return held;
  }
  void Join() {
    if (caller_.joinable()) caller_.join();
  }

  test::Session session_ = served_->Mount();
  std::thread caller_;
  std::atomic<int> error_ = 9999;
};

TEST_P(HeldRequestTest, RemovalOfTheRuleLetsItBeHandled) {
  CallAndWaitUntilHeld();
  const auto requests = session_.connection->InFlight();
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].message, 3);
  EXPECT_EQ(requests[0].holder, "r");
  EXPECT_EQ(requests[0].pathway, GetParam()
                                     ? comm::Communicator::Kind::kChannel
                                     : comm::Communicator::Kind::kSocket);
  Remove("r");
  Join();
  EXPECT_EQ(error_, 0);
}

TEST_P(HeldRequestTest, ChangesOfOtherRulesKeepHoldingIt) {
  CallAndWaitUntilHeld();
  Set({RuleOf("other", Observe{})});
  Remove("other");
  EXPECT_EQ(CountersOf("r").active, 1u);
  EXPECT_EQ(error_, 9999);
  Remove("r");
  Join();
  EXPECT_EQ(error_, 0);
}

TEST_P(HeldRequestTest, ReplacementOfTheRuleLetsItBeHandled) {
  CallAndWaitUntilHeld();
  Set({RuleOf("r", AnswerError{EIO}, {Id::kFStat})});
  Join();
  // It began under the rule before.
  EXPECT_EQ(error_, 0);
  EXPECT_EQ(session_->FStat(session_.root).error, EIO);
}

TEST_P(HeldRequestTest, ExpiryOfTheRuleLetsItBeHandled) {
  CallAndWaitUntilHeld();
  now_ = 1'000'000'000'000'000;
  EXPECT_EQ(book().ExpireNow(now_).size(), 1u);
  Join();
  EXPECT_EQ(error_, 0);
}

TEST_P(HeldRequestTest, ARuleKeepsItsTimeByItself) {
  now_ = UnixNanos();
  if (GetParam()) {
    ASSERT_EQ(session_->OpenChannel(), 0);
  }
  Rule rule = RuleOf("r", Hang{}, {Id::kFStat});
  rule.expire_unix_ns = now_ + 20'000'000;
  Set({rule});
  const uint64_t before = base::MonotonicNanos();
  EXPECT_TRUE(session_->FStat(session_.root).ok());
  EXPECT_GE(base::MonotonicNanos() - before, 20'000'000u);
}

TEST_P(HeldRequestTest, ALongDelayEndsWithItsRule) {
  CallAndWaitUntilHeld(Delay{uint64_t{3600} * 1'000'000'000, 0});
  Remove("r");
  Join();
  EXPECT_EQ(error_, 0);
}

TEST_P(HeldRequestTest, CloseLetsItBeAnswered) {
  CallAndWaitUntilHeld();
  session_.connection->Stop(lisafs::StopMode::kClose,
                            lisafs::EndReason::kAdminStop, "why");
  Join();
  server().Wait();
  const auto stats = session_.connection->Stats();
  EXPECT_EQ(stats.ForMessage(Id::kFStat).calls, 1u);
  EXPECT_EQ(stats.ForMessage(Id::kFStat).errors, 0u);
  // A channel's answer is in its window when the end is published there; a
  // client that wakes only then sees the end alone.
  if (!GetParam() || error_ > 0) {
    EXPECT_EQ(error_, 0);
  }
  EXPECT_EQ(session_.connection->end_detail(), "why");
}

TEST_P(HeldRequestTest, AbortEndsItUnanswered) {
  CallAndWaitUntilHeld();
  session_.connection->Stop(lisafs::StopMode::kAbort,
                            lisafs::EndReason::kAdminStop);
  Join();
  EXPECT_LT(error_, 0);
  server().Wait();
  EXPECT_EQ(CountersOf("r").active, 0u);
}

TEST_P(HeldRequestTest, TheClientsEndLetsItGo) {
  CallAndWaitUntilHeld();
  session_->socket().Shutdown();
  Join();
  server().Wait();
  EXPECT_EQ(CountersOf("r").active, 0u);
}

TEST_P(HeldRequestTest, TheServersTeardownLetsItGo) {
  CallAndWaitUntilHeld();
  book_.reset();
  session_.connection.reset();
  served_.reset();
  Join();
  EXPECT_LT(error_, 0);
}

TEST_P(HeldRequestTest, OtherConnectionsGoOnAndOverflowIsNotHeld) {
  CallAndWaitUntilHeld();
  Rule rule = book().List()[0].rule;
  rule.trigger.max_active = 1;
  Set({rule});
  Join();
  caller_ =
      std::thread([this] { error_ = session_->FStat(session_.root).error; });
  WaitUntilHeld(1);
  test::Session other = served_->Mount();
  EXPECT_TRUE(other->FStat(other.root).ok());
  EXPECT_EQ(CountersOf("r").overflow, 1u);
  Remove("r");
}

INSTANTIATE_TEST_SUITE_P(All, HeldRequestTest, testing::Bool());

TEST(HeldRequestLeakTest, NothingIsLeftBehind) {
  const auto before = test::ProcessCounts::Settled(test::ProcessCounts::Take());
  {
    test::ServedTree served(test::TestTree::Kind::kMemory);
    RuleBook book(served.server());
    test::Session session = served.Mount();
    ASSERT_EQ(
        book.Change({}, {RuleOf("r", Delay{1'000'000, 1'000'000})}).index(),
        0u);
    for (int i = 0; i < 10; ++i) session->FStat(session.root);
  }
  EXPECT_EQ(test::ProcessCounts::Settled(before), before);
}

}  // namespace
}  // namespace gofer::rules
