#include "server/rules/rule_book.h"

#include "tests/support/test_handlers.h"
#include "tests/unit/server/rules/rules_fixture.h"

namespace gofer::rules {
namespace {

class RuleBookTest : public RulesTest {
 protected:
  std::vector<std::string> Uids() {
    std::vector<std::string> uids;
    for (const RuleStatus& status : book().List()) {
      uids.push_back(status.rule.uid);
    }
    return uids;
  }
  FailureKind Refused(std::vector<Rule> rules) {
    const auto changed = book().Change({}, std::move(rules));
    EXPECT_EQ(changed.index(), 1u);
    return std::get<Failure>(changed).kind;
  }
  static std::vector<Assignment> AllStock() {
    std::vector<Assignment> all;
    for (uint32_t mid = 1; mid < wire::kMessageIdCount; ++mid) {
      all.push_back({mid, "stock"});
    }
    return all;
  }
};

using Names = std::vector<std::string>;

TEST_F(RuleBookTest, ListsInTheOrderOfEvaluation) {
  Rule a = RuleOf("a", Observe{});
  a.age_number = 2;
  Rule b = RuleOf("b", Observe{});
  b.age_number = 1;
  Rule c = RuleOf("c", Observe{});
  c.priority = -5;
  Rule d = RuleOf("d", Observe{});
  d.priority = INT32_MAX;
  Set({a, b, c, d});
  EXPECT_EQ(Uids(), (Names{"d", "b", "a", "c"}));
}

TEST_F(RuleBookTest, CountersSurviveChangesOfOthersAndBeginAgainWithTheirOwn) {
  test::Session session = served_->Mount();
  Set({RuleOf("a", Observe{}, {Id::kFStat}), RuleOf("b", Observe{})});
  session->FStat(session.root);
  Set({RuleOf("b", AnswerError{EIO}, {Id::kMkdirAt})});
  session->FStat(session.root);
  EXPECT_EQ(CountersOf("a").hits, 2u);
  EXPECT_EQ(CountersOf("b").hits, 0u);
}

TEST_F(RuleBookTest, ARefusedChangeChangesNothing) {
  Set({RuleOf("a", Observe{})});
  EXPECT_EQ(Refused({RuleOf("b", Observe{}), RuleOf("b", Observe{})}),
            FailureKind::kMalformed);
  EXPECT_EQ(Refused({RuleOf("b", Observe{}), RuleOf("c", AnswerError{0})}),
            FailureKind::kMalformed);
  EXPECT_EQ(book().Change({"a"}, {RuleOf("c", ShortIo{0})}).index(), 1u);
  EXPECT_EQ(Uids(), (Names{"a"}));
}

TEST_F(RuleBookTest, HoldsAThousandRules) {
  std::vector<Rule> rules;
  for (size_t i = 0; i < RuleBook::kMaxRules; ++i) {
    rules.push_back(RuleOf(std::to_string(i), Observe{}));
  }
  Set(rules);
  EXPECT_EQ(Refused({RuleOf("more", Observe{})}), FailureKind::kTooMany);
  ASSERT_EQ(book().Change({"0"}, {RuleOf("more", Observe{})}).index(), 0u);
  EXPECT_EQ(book().List().size(), RuleBook::kMaxRules);
}

TEST_F(RuleBookTest, RulesGoWhenTheirTimeIsOver) {
  EXPECT_FALSE(book().NextExpiry());
  Rule soon = RuleOf("soon", Observe{});
  soon.expire_unix_ns = 2000;
  Rule late = RuleOf("late", Observe{});
  late.expire_unix_ns = 3000;
  Set({soon, late, RuleOf("never", Observe{})});
  EXPECT_EQ(book().NextExpiry(), 2000);
  EXPECT_TRUE(book().ExpireNow(1999).empty());
  EXPECT_EQ(book().ExpireNow(2000), (Names{"soon"}));
  EXPECT_EQ(book().NextExpiry(), 3000);
  EXPECT_EQ(book().ExpireNow(5000), (Names{"late"}));
  EXPECT_FALSE(book().NextExpiry());
  EXPECT_EQ(Uids(), (Names{"never"}));
}

TEST_F(RuleBookTest, HandlersAreReplacedAsAWhole) {
  const HandlerList before = book().ListHandlers();
  EXPECT_EQ(before.generation, 1u);
  ASSERT_EQ(before.rows.size(), wire::kMessageIdCount - 1);
  EXPECT_EQ(before.rows[0].message_name, "Mount");
  EXPECT_EQ(before.rows[3].mid, 4u);
  EXPECT_TRUE(before.rows[3].mutates);
  EXPECT_EQ(before.rows[3].implementation, "stock");
  EXPECT_EQ(before.rows[3].available_implementations, (Names{"stock"}));

  test::Session session = served_->Mount();
  std::vector<Assignment> some = AllStock();
  some.erase(some.begin() + 2);  // FStat
  const auto set = book().SetHandlers(some, 1);
  ASSERT_EQ(set.index(), 0u);
  EXPECT_EQ(std::get<HandlerList>(set).generation, 2u);
  EXPECT_EQ(std::get<HandlerList>(set).rows[2].implementation, "");
  EXPECT_EQ(session->FStat(session.root).error, EOPNOTSUPP);
  EXPECT_TRUE(session->FStatFs(session.root).ok());
}

TEST_F(RuleBookTest, RulesCanGoWithTheTable) {
  Set({RuleOf("a", Observe{}), RuleOf("b", Observe{})});
  ASSERT_EQ(book().SetHandlers({}, 0, {}).index(), 0u);
  EXPECT_EQ(Uids(), (Names{"a", "b"}));
  // A table that is refused takes no rule along.
  ASSERT_EQ(book().SetHandlers(AllStock(), 7, {"a"}).index(), 1u);
  EXPECT_EQ(Uids(), (Names{"a", "b"}));
  ASSERT_EQ(book().SetHandlers(AllStock(), 0, {"a", "unknown"}).index(), 0u);
  EXPECT_EQ(Uids(), (Names{"b"}));
}

TEST_F(RuleBookTest, NewConnectionsAreToldWhatIsNotSupported) {
  std::vector<Assignment> some = AllStock();
  some.erase(some.begin() + 2);
  ASSERT_EQ(book().SetHandlers(some, 0).index(), 0u);
  test::Session session = served_->Connect();
  const auto mounted = session->Mount();
  ASSERT_TRUE(mounted.ok());
  bool fstatfs = false;
  for (const uint16_t message : mounted->supported_messages) {
    EXPECT_NE(message, 3);
    fstatfs |= message == 17;
  }
  EXPECT_TRUE(fstatfs);
}

TEST_F(RuleBookTest, RefusesBadAssignments) {
  const auto refused = [this](std::vector<Assignment> rows, uint64_t expected) {
    const auto set = book().SetHandlers(rows, expected);
    EXPECT_EQ(set.index(), 1u);
    return std::get<Failure>(set).kind;
  };
  EXPECT_EQ(refused({{0, "stock"}}, 0), FailureKind::kUnknownMid);
  EXPECT_EQ(refused({{34, "stock"}}, 0), FailureKind::kUnknownMid);
  EXPECT_EQ(refused({{3, "else"}}, 0), FailureKind::kUnknownImplementation);
  EXPECT_EQ(refused({{3, ""}}, 0), FailureKind::kUnknownImplementation);
  EXPECT_EQ(refused({{3, "stock"}, {3, "stock"}}, 0), FailureKind::kMalformed);
  EXPECT_EQ(refused(AllStock(), 2), FailureKind::kWrongGeneration);
  EXPECT_EQ(book().ListHandlers().generation, 1u);
}

TEST_F(RuleBookTest, RegisteredHandlersAnswerAndRulesStayOverThem) {
  HandlerRegistry registry;
  ASSERT_TRUE(registry.Register("echo", 17, &test::Echo).ok());
  EXPECT_EQ(registry.Register("echo", 17, &test::Echo).error(),
            base::Errno(EEXIST));
  EXPECT_EQ(registry.Register("echo", 34, &test::Echo).error(),
            base::Errno(EINVAL));
  RuleBook book(server(), registry);
  test::Session session = served_->Mount();
  ASSERT_EQ(book.Change({}, {RuleOf("r", Observe{}, {Id::kFStatFs})}).index(),
            0u);
  ASSERT_EQ(book.SetHandlers({{17, "echo"}}, 0).index(), 0u);
  EXPECT_EQ(session->CallBytes(17, std::vector<std::byte>(5)).payload.size(),
            5u);
  EXPECT_EQ(book.List()[0].counters.hits, 1u);
  EXPECT_EQ(book.ListHandlers().rows[16].available_implementations,
            (Names{"echo", "stock"}));
}

}  // namespace
}  // namespace gofer::rules
