// RuleBook: the rules and the handler table of one lisafs::Server.

#ifndef GOFER_SERVER_RULES_RULE_BOOK_H_
#define GOFER_SERVER_RULES_RULE_BOOK_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/base/mutex.h"
#include "server/lisafs/handler_table.h"
#include "server/lisafs/server.h"
#include "server/rules/failure.h"
#include "server/rules/handler_registry.h"
#include "server/rules/rule.h"
#include "server/rules/rule_set.h"
#include "server/rules/standing_rule.h"
#include "server/rules/unix_clock.h"
#include "server/wire/message_id.h"

namespace gofer::rules {

// Which implementation is to answer one message.
struct Assignment {
  uint32_t mid = 0;
  std::string implementation;
};

// One row of the handler table.
struct HandlerRow {
  uint32_t mid = 0;
  std::string message_name;
  bool mutates = false;
  // Empty when EOPNOTSUPP is answered.
  std::string implementation;
  std::vector<std::string> available_implementations;
};

struct HandlerList {
  // A row for each message, by id. Error is no request and has no row.
  std::vector<HandlerRow> rows;
  // 1 at the start; grows with every SetHandlers.
  uint64_t generation = 1;
};

// Only the book may call SetHandlers of its server, which outlives it:
// otherwise rules would be lost. One pointer puts rules and handlers in force,
// so that each request sees one state of both, whole. What stands when the book
// is destroyed stays in force. Thread-safe; nothing blocks for long.
class RuleBook {
 public:
  static constexpr size_t kMaxRules = 1000;

  explicit RuleBook(lisafs::Server& server,
                    HandlerRegistry registry = HandlerRegistry(),
                    UnixClock clock = &UnixNanos);
  RuleBook(const RuleBook&) = delete;
  RuleBook& operator=(const RuleBook&) = delete;

  // Takes away the rules with `remove_uids` (unknown ones are ignored), then
  // makes or replaces those of `upserts`, all at one moment. A replaced rule's
  // counters begin again, those of other rules go on. Requests that are held by
  // a rule that is taken away or replaced go on at once. Returns the upserted
  // rules, in their order.
  OrFailure<std::vector<RuleStatus>> Change(
      const std::vector<std::string>& remove_uids, std::vector<Rule> upserts);

  // In the order of evaluation.
  std::vector<RuleStatus> List() const;

  // Replaces the whole handler table; a message without an assignment answers
  // EOPNOTSUPP. `expected_generation`: 0 for any. The rules with
  // `remove_rule_uids` (unknown ones are ignored) go at the same moment.
  OrFailure<HandlerList> SetHandlers(
      const std::vector<Assignment>& assignments, uint64_t expected_generation,
      const std::vector<std::string>& remove_rule_uids = {});
  HandlerList ListHandlers() const;

  // When the next rule expires; nothing when none will.
  std::optional<int64_t> NextExpiry() const;
  // Takes away the rules that have expired by `now_unix_ns` and returns their
  // uids. An expired rule does nothing any more, whether this is called or not.
  std::vector<std::string> ExpireNow(int64_t now_unix_ns);

 private:
  using Implementations = std::array<std::string, wire::kMessageIdCount>;

  // Puts `rules` in force, and releases the requests that other rules held.
  void Install(StandingRules rules) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void PutInForce() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  HandlerList ListLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  lisafs::Server& server_;
  const HandlerRegistry registry_;
  const UnixClock clock_;

  mutable base::Mutex mu_;
  // In the order of evaluation.
  StandingRules rules_ ABSL_GUARDED_BY(mu_);
  Implementations implementations_ ABSL_GUARDED_BY(mu_);
  uint64_t generation_ ABSL_GUARDED_BY(mu_) = 1;
};

}  // namespace gofer::rules

#endif  // GOFER_SERVER_RULES_RULE_BOOK_H_
