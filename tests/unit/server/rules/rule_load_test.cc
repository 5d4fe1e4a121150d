// Rules and tables are swapped while clients are served: no request fails but
// those that a rule is to fail.

#include <thread>

#include "tests/unit/server/rules/rules_fixture.h"

namespace gofer::rules {
namespace {

using RuleLoadTest = RulesTest;

// Runs `change` many times while four clients call FStat, and `check` on what
// each is answered.
template <class Change, class Check>
void UnderLoad(test::ServedTree& served, Change change, Check check) {
  std::atomic<bool> stop = false;
  std::vector<std::thread> clients;
  for (int t = 0; t < 4; ++t) {
    clients.emplace_back([&, t] {
      test::Session session = served.Mount();
      if (t % 2 == 1) {
        ASSERT_EQ(session->OpenChannel(), 0);
      }
      while (!stop) check(session->FStat(session.root).error);
    });
  }
  for (int i = 0; i < 500; ++i) change(i);
  stop = true;
  for (std::thread& client : clients) client.join();
}

TEST_F(RuleLoadTest, NoRequestFailsWhileHarmlessRulesAndTablesAreSwapped) {
  std::vector<Assignment> all;
  for (uint32_t mid = 1; mid < wire::kMessageIdCount; ++mid) {
    all.push_back({mid, "stock"});
  }
  UnderLoad(
      *served_,
      [&](int i) {
        const std::string uid = std::to_string(i % 3);
        if (i % 5 == 0) {
          ASSERT_EQ(book().SetHandlers(all, 0).index(), 0u);
        } else if (i % 5 == 1) {
          Remove(uid);
        } else if (i % 5 == 2) {
          Set({RuleOf(uid, Hang{}, {Id::kFStat})});
        } else {
          Rule rule = RuleOf(uid, Observe{});
          rule.path_glob = "/**";
          Set({rule});
        }
        if (i == 499) Remove("0"), Remove("1"), Remove("2");
      },
      [](int error) { EXPECT_EQ(error, 0); });
}

TEST_F(RuleLoadTest, APolicyThatIsReplacedLeavesNoGap) {
  Set({RuleOf("deny", AnswerError{EACCES}, {Id::kFStat})});
  UnderLoad(
      *served_,
      [&](int i) {
        if (i % 2 == 0) {
          ASSERT_EQ(book()
                        .Change({"deny"}, {RuleOf("other", AnswerError{EACCES},
                                                  {Id::kFStat})})
                        .index(),
                    0u);
        } else {
          ASSERT_EQ(book()
                        .Change({"other"}, {RuleOf("deny", AnswerError{EACCES},
                                                   {Id::kFStat})})
                        .index(),
                    0u);
        }
      },
      [](int error) { EXPECT_EQ(error, EACCES); });
}

}  // namespace
}  // namespace gofer::rules
