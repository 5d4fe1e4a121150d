#include "server/rules/rule_book.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "server/wire/message_list.h"

namespace gofer::rules {
namespace {

// Whether `a` is tried before `b`.
bool ComesBefore(const std::shared_ptr<StandingRule>& a,
                 const std::shared_ptr<StandingRule>& b) {
  const auto key = [](const Rule& rule) {
    return std::make_tuple(-int64_t{rule.priority}, rule.age_number,
                           std::cref(rule.uid));
  };
  return key(a->rule()) < key(b->rule());
}

RuleStatus StatusOf(const StandingRule& rule) {
  return {rule.rule(), rule.Counters()};
}

}  // namespace

RuleBook::RuleBook(lisafs::Server& server, HandlerRegistry registry,
                   UnixClock clock)
    : server_(server),
      registry_(std::move(registry)),
      clock_(std::move(clock)) {
  implementations_.fill(std::string(HandlerRegistry::Stock()));
}

OrFailure<std::vector<RuleStatus>> RuleBook::Change(
    const std::vector<std::string>& remove_uids, std::vector<Rule> upserts) {
  StandingRules made;
  std::set<std::string> gone(remove_uids.begin(), remove_uids.end());
  std::set<std::string> named;
  for (Rule& rule : upserts) {
    auto standing = StandingRule::Make(std::move(rule));
    if (auto* failure = std::get_if<Failure>(&standing)) return *failure;
    made.push_back(std::get<0>(std::move(standing)));
    const std::string& uid = made.back()->rule().uid;
    if (!named.insert(uid).second) {
      return Failure{FailureKind::kMalformed, "rule " + uid + " comes twice"};
    }
    gone.insert(uid);
  }
  std::vector<RuleStatus> answer;
  for (const auto& rule : made) answer.push_back(StatusOf(*rule));

  base::MutexLock lock(mu_);
  StandingRules rules = made;
  for (const auto& rule : rules_) {
    if (gone.count(rule->rule().uid) == 0) rules.push_back(rule);
  }
  if (rules.size() > kMaxRules) {
    return Failure{FailureKind::kTooMany,
                   "more than " + std::to_string(kMaxRules) + " rules"};
  }
  Install(std::move(rules));
  return answer;
}

std::vector<RuleStatus> RuleBook::List() const {
  std::vector<RuleStatus> list;
  base::MutexLock lock(mu_);
  list.reserve(rules_.size());
  for (const auto& rule : rules_) list.push_back(StatusOf(*rule));
  return list;
}

OrFailure<HandlerList> RuleBook::SetHandlers(
    const std::vector<Assignment>& assignments, uint64_t expected_generation,
    const std::vector<std::string>& remove_rule_uids) {
  Implementations implementations;
  for (const Assignment& assignment : assignments) {
    const uint32_t mid = assignment.mid;
    if (mid == 0 || mid >= implementations.size()) {
      return Failure{FailureKind::kUnknownMid,
                     "there is no message " + std::to_string(mid)};
    }
    if (!implementations[mid].empty()) {
      return Failure{FailureKind::kMalformed,
                     "message " + std::to_string(mid) + " comes twice"};
    }
    if (registry_.Find(assignment.implementation, mid) == nullptr) {
      return Failure{FailureKind::kUnknownImplementation,
                     "message " + std::to_string(mid) + " has no \"" +
                         assignment.implementation + "\""};
    }
    implementations[mid] = assignment.implementation;
  }
  // Error is no request: nobody replaces its row.
  implementations[0] = std::string(HandlerRegistry::Stock());

  base::MutexLock lock(mu_);
  if (expected_generation != 0 && expected_generation != generation_) {
    return Failure{
        FailureKind::kWrongGeneration,
        "expected_generation does not fit: the table's generation is " +
            std::to_string(generation_)};
  }
  implementations_ = std::move(implementations);
  ++generation_;
  const std::set<std::string> removed(remove_rule_uids.begin(),
                                      remove_rule_uids.end());
  StandingRules rules;
  for (const auto& rule : rules_) {
    if (removed.count(rule->rule().uid) == 0) rules.push_back(rule);
  }
  if (rules.size() == rules_.size()) {
    PutInForce();
  } else {
    Install(std::move(rules));
  }
  return ListLocked();
}

HandlerList RuleBook::ListHandlers() const {
  base::MutexLock lock(mu_);
  return ListLocked();
}

std::optional<int64_t> RuleBook::NextExpiry() const {
  std::optional<int64_t> next;
  base::MutexLock lock(mu_);
  for (const auto& rule : rules_) {
    const int64_t expiry = rule->rule().expire_unix_ns;
    if (expiry != 0) next = std::min(next.value_or(expiry), expiry);
  }
  return next;
}

std::vector<std::string> RuleBook::ExpireNow(int64_t now_unix_ns) {
  std::vector<std::string> uids;
  StandingRules rules;
  base::MutexLock lock(mu_);
  for (const auto& rule : rules_) {
    if (rule->Expired(now_unix_ns)) {
      uids.push_back(rule->rule().uid);
    } else {
      rules.push_back(rule);
    }
  }
  if (!uids.empty()) Install(std::move(rules));
  return uids;
}

void RuleBook::Install(StandingRules rules) {
  std::sort(rules.begin(), rules.end(), &ComesBefore);
  const StandingRules before = std::exchange(rules_, std::move(rules));
  PutInForce();
  // Marked only now: otherwise a request could find neither the old rule nor
  // the new rule.
  const std::set<std::shared_ptr<StandingRule>> stand(rules_.begin(),
                                                      rules_.end());
  for (const auto& rule : before) {
    if (stand.count(rule) == 0) rule->SetGone();
  }
  server_.WakeHeldRequests();
}

void RuleBook::PutInForce() {
  std::vector<lisafs::Handler> rows(implementations_.size());
  for (uint32_t mid = 0; mid < rows.size(); ++mid) {
    rows[mid].name = std::string(wire::NameOf(static_cast<uint16_t>(mid)));
    const auto* serve = registry_.Find(implementations_[mid], mid);
    if (serve != nullptr) rows[mid].serve = *serve;
  }
  std::shared_ptr<const RuleSet> rules;
  if (!rules_.empty()) rules = std::make_shared<RuleSet>(rules_, clock_);
  server_.SetHandlers(std::make_shared<const lisafs::HandlerTable>(
      std::move(rows), std::move(rules)));
}

HandlerList RuleBook::ListLocked() const {
  HandlerList list;
  list.generation = generation_;
  for (uint32_t mid = 1; mid < implementations_.size(); ++mid) {
    const wire::MessageRow& row =
        wire::RowOf(static_cast<wire::MessageId>(mid));
    list.rows.push_back({mid, std::string(row.name), row.mutates,
                         implementations_[mid], registry_.NamesOf(mid)});
  }
  return list;
}

}  // namespace gofer::rules
