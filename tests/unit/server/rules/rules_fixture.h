// RulesTest: a served tree with a rule book.

#ifndef GOFER_TESTS_UNIT_SERVER_RULES_RULES_FIXTURE_H_
#define GOFER_TESTS_UNIT_SERVER_RULES_RULES_FIXTURE_H_

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/rules/rule_book.h"
#include "tests/support/served_tree.h"

namespace gofer::rules {

inline Rule RuleOf(std::string uid, Action action,
                   std::vector<wire::MessageId> messages = {}) {
  Rule rule;
  rule.uid = std::move(uid);
  rule.rule_id = "id-of-" + rule.uid;
  rule.action = std::move(action);
  rule.trigger.max_active = 16;
  for (const wire::MessageId id : messages) {
    rule.mids.push_back(static_cast<uint32_t>(id));
  }
  return rule;
}

// The clock stands at 1000 until it is set.
class RulesTest : public testing::Test {
 protected:
  using Id = wire::MessageId;

  void Set(std::vector<Rule> rules) {
    const auto changed = book_->Change({}, std::move(rules));
    ASSERT_EQ(changed.index(), 0u) << std::get<Failure>(changed).message;
  }
  void Remove(const std::string& uid) {
    ASSERT_EQ(book_->Change({uid}, {}).index(), 0u);
  }
  RuleCounters CountersOf(const std::string& uid) {
    for (const RuleStatus& status : book_->List()) {
      if (status.rule.uid == uid) return status.counters;
    }
    ADD_FAILURE() << "no rule " << uid;
    return {};
  }
  RuleBook& book() { return *book_; }
  lisafs::Server& server() { return served_->server(); }

  std::atomic<int64_t> now_ = 1000;
  std::unique_ptr<test::ServedTree> served_ =
      std::make_unique<test::ServedTree>(test::TestTree::Kind::kMemory);
  std::unique_ptr<RuleBook> book_ = std::make_unique<RuleBook>(
      served_->server(), HandlerRegistry(), [this] { return now_.load(); });
};

}  // namespace gofer::rules

#endif  // GOFER_TESTS_UNIT_SERVER_RULES_RULES_FIXTURE_H_
