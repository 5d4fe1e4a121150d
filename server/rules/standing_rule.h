// StandingRule: a rule in force, with its counters and its dice.

#ifndef GOFER_SERVER_RULES_STANDING_RULE_H_
#define GOFER_SERVER_RULES_STANDING_RULE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "server/base/mutex.h"
#include "server/glob/glob.h"
#include "server/lisafs/connection.h"
#include "server/rules/failure.h"
#include "server/rules/request_subject.h"
#include "server/rules/rule.h"

namespace gofer::rules {

// A set of messages: a bit for each id, and a bit for all messages that are not
// known.
using MessageMask = uint64_t;
constexpr MessageMask MaskOf(uint32_t mid) {
  return MessageMask{1} << (mid < wire::kMessageIdCount
                                ? mid
                                : uint32_t{wire::kMessageIdCount});
}
static_assert(wire::kMessageIdCount < 64);

// What follows from a match.
struct Firing {
  bool fired = false;
  // How long a Delay waits.
  uint64_t delay_ns = 0;
};

// Shared by every rule set that it is in, so that its counters go on when other
// rules change. Thread-safe.
class StandingRule {
 public:
  // Fails with kUnknownMid or kMalformed.
  static OrFailure<std::shared_ptr<StandingRule>> Make(Rule rule);

  const Rule& rule() const { return rule_; }
  // The messages on which the rule can do something.
  MessageMask messages() const { return messages_; }
  bool Expired(int64_t now_unix_ns) const {
    return rule_.expire_unix_ns != 0 && now_unix_ns >= rule_.expire_unix_ns;
  }

  // Whether the rule is about this request, whose message is one of messages().
  bool Matches(const lisafs::Connection& connection,
               RequestSubject& subject) const;

  // Counts a match and tells whether the rule fires. A rule with Delay or Hang
  // that fires holds a request then, until Release.
  Firing Fire(int64_t now_unix_ns);
  void Release();

  // Marks that the rule does not stand any more: the requests that it holds go
  // on. Requests that have begun may still be judged by it.
  void SetGone() { gone_.store(true, std::memory_order_release); }
  bool gone() const { return gone_.load(std::memory_order_acquire); }

  RuleCounters Counters() const;

 private:
  StandingRule(Rule rule, MessageMask messages, glob::Glob mount_path,
               glob::Glob path);

  // The trigger's conditions up to max_hits.
  bool ConditionsHold() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  uint64_t NextRandom() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const Rule rule_;
  const MessageMask messages_;
  const glob::Glob mount_path_;
  const glob::Glob path_;
  const bool holds_;

  std::atomic<bool> gone_ = false;
  mutable base::Mutex mu_;
  RuleCounters counters_ ABSL_GUARDED_BY(mu_);
  uint64_t random_state_ ABSL_GUARDED_BY(mu_);
};

using StandingRules = std::vector<std::shared_ptr<StandingRule>>;

}  // namespace gofer::rules

#endif  // GOFER_SERVER_RULES_STANDING_RULE_H_
