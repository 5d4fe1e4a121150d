#include "server/rules/rule_set.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "server/base/clock.h"
#include "server/lisafs/hold_room.h"
#include "server/rules/request_subject.h"

namespace gofer::rules {
namespace {

constexpr uint64_t kForever = lisafs::HoldRoom::kForever;

using lisafs::Verdict;

// Gives a place of max_active back.
class HeldRequest {
 public:
  explicit HeldRequest(StandingRule& rule) : rule_(rule) {}
  ~HeldRequest() { rule_.Release(); }
  HeldRequest(const HeldRequest&) = delete;
  HeldRequest& operator=(const HeldRequest&) = delete;

 private:
  StandingRule& rule_;
};

// Waits `longest_ns`, or until the rule or the connection ends. Where nobody
// would notice the connection's end, the request is not held.
void Hold(lisafs::RequestContext& context, const StandingRule& rule,
          uint64_t longest_ns, int64_t now_unix_ns) {
  const int64_t expiry = rule.rule().expire_unix_ns;
  if (expiry != 0) {
    // The rule had not expired when it fired.
    longest_ns =
        std::min(longest_ns, static_cast<uint64_t>(expiry - now_unix_ns));
  }
  const uint64_t now = base::MonotonicNanos();
  const uint64_t deadline =
      longest_ns > kForever - now ? kForever : now + longest_ns;
  (void)context.Hold(rule.rule().uid, deadline,
                     [&rule] { return rule.gone(); });
}

Verdict Answer(int number) {
  Verdict verdict;
  verdict.action = Verdict::Action::kAnswer;
  verdict.error = base::Errno(number);
  return verdict;
}

// Does what a rule that has fired says. True when no later rule is asked.
struct Effect {
  StandingRule& rule;
  const Firing& firing;
  int64_t now_unix_ns;
  lisafs::RequestContext& context;
  Verdict& verdict;

  bool operator()(const AnswerError& error) const {
    verdict = Answer(error.number);
    return true;
  }
  bool operator()(const Readonly&) const {
    verdict = Answer(EROFS);
    return true;
  }
  bool operator()(const ShortIo& io) const {
    verdict.max_io_bytes = io.max_bytes;
    return true;
  }
  bool operator()(const Disconnect&) const {
    verdict.action = Verdict::Action::kDisconnect;
    verdict.end_detail = rule.rule().rule_id;
    return true;
  }
  bool operator()(const Delay&) const {
    const HeldRequest held(rule);
    Hold(context, rule, firing.delay_ns, now_unix_ns);
    return false;
  }
  bool operator()(const Hang&) const {
    const HeldRequest held(rule);
    Hold(context, rule, kForever, now_unix_ns);
    return true;
  }
  bool operator()(const RefuseFdDonation&) const {
    verdict.refuse_fd_donation = true;
    return false;
  }
  bool operator()(const Observe&) const { return false; }
};

}  // namespace

RuleSet::RuleSet(StandingRules rules, UnixClock clock)
    : rules_(std::move(rules)), clock_(std::move(clock)) {
  for (const auto& rule : rules_) {
    messages_ |= rule->messages();
    for (uint32_t mid = 0; mid < of_message_.size(); ++mid) {
      if ((rule->messages() & MaskOf(mid)) != 0) {
        of_message_[mid].push_back(rule.get());
      }
    }
  }
}

Verdict RuleSet::Judge(lisafs::RequestContext& context) const {
  Verdict verdict;
  if ((messages_ & MaskOf(context.message())) == 0) return verdict;
  const size_t slot =
      std::min<size_t>(context.message(), wire::kMessageIdCount);
  RequestSubject subject(context);
  for (StandingRule* const rule : of_message_[slot]) {
    const int64_t now = clock_();
    if (rule->Expired(now) || !rule->Matches(context.connection(), subject)) {
      continue;
    }
    const Firing firing = rule->Fire(now);
    if (firing.fired && std::visit(Effect{*rule, firing, now, context, verdict},
                                   rule->rule().action)) {
      break;
    }
  }
  return verdict;
}

}  // namespace gofer::rules
