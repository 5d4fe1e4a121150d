#include "server/rules/standing_rule.h"

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "server/wire/message_list.h"

namespace gofer::rules {
namespace {

constexpr int kMaxErrno = 4095;
constexpr uint64_t kMaxDelayNs = uint64_t{3600} * 1'000'000'000;

constexpr MessageMask kAllMessages =
    (MaskOf(wire::kMessageIdCount) - 1) | MaskOf(wire::kMessageIdCount);

constexpr MessageMask BitOf(wire::MessageId id) {
  return MaskOf(static_cast<uint32_t>(id));
}

MessageMask MutatingMessages() {
  MessageMask mask = BitOf(wire::MessageId::kOpenAt);
  for (uint32_t mid = 0; mid < wire::kMessageIdCount; ++mid) {
    if (wire::Mutates(static_cast<wire::MessageId>(mid))) mask |= MaskOf(mid);
  }
  return mask;
}

// The messages on which an action does something.
MessageMask MessagesOf(const Action& action) {
  using Id = wire::MessageId;
  if (std::holds_alternative<Readonly>(action)) return MutatingMessages();
  if (std::holds_alternative<ShortIo>(action)) {
    return BitOf(Id::kPRead) | BitOf(Id::kPWrite);
  }
  if (std::holds_alternative<RefuseFdDonation>(action)) {
    return BitOf(Id::kMount) | BitOf(Id::kOpenAt) | BitOf(Id::kOpenCreateAt);
  }
  return kAllMessages;
}

bool Holds(const Action& action) {
  return std::holds_alternative<Delay>(action) ||
         std::holds_alternative<Hang>(action);
}

Failure Malformed(const Rule& rule, const char* what) {
  return Failure{FailureKind::kMalformed, "rule " + rule.uid + ": " + what};
}

std::optional<Failure> Check(const Rule& rule) {
  if (rule.uid.empty()) return Malformed(rule, "uid is empty");
  if (const auto* error = std::get_if<AnswerError>(&rule.action);
      error != nullptr && (error->number < 1 || error->number > kMaxErrno)) {
    return Malformed(rule, "error_number is not in 1..4095");
  }
  if (const auto* delay = std::get_if<Delay>(&rule.action);
      delay != nullptr &&
      (delay->fixed_ns > kMaxDelayNs || delay->jitter_ns > kMaxDelayNs)) {
    return Malformed(rule, "the delay is longer than an hour");
  }
  if (const auto* io = std::get_if<ShortIo>(&rule.action);
      io != nullptr && io->max_bytes == 0) {
    return Malformed(rule, "short_io_bytes is 0");
  }
  const Trigger& trigger = rule.trigger;
  if (Holds(rule.action) && trigger.max_active == 0) {
    return Malformed(rule, "max_active is 0");
  }
  if (trigger.probability_denominator != 0 &&
      trigger.probability_numerator > trigger.probability_denominator) {
    return Malformed(rule, "probability is above 1");
  }
  if (rule.expire_unix_ns < 0) {
    return Malformed(rule, "expire_unix_ns is negative");
  }
  if (rule.daemon_data.size() > kMostDaemonData) {
    return Malformed(rule, "daemon_data is longer than 32768 bytes");
  }
  return std::nullopt;
}

// An empty pattern stands for none.
base::ErrnoOr<glob::Glob> CompileIfAny(const std::string& pattern) {
  if (pattern.empty()) return glob::Glob();
  return glob::Glob::Compile(pattern);
}

}  // namespace

OrFailure<std::shared_ptr<StandingRule>> StandingRule::Make(Rule rule) {
  if (auto failure = Check(rule)) return *std::move(failure);
  MessageMask messages = rule.mids.empty() ? kAllMessages : 0;
  for (const uint32_t mid : rule.mids) {
    if (mid == 0 || mid >= wire::kMessageIdCount) {
      return Failure{
          FailureKind::kUnknownMid,
          "rule " + rule.uid + ": there is no message " + std::to_string(mid)};
    }
    messages |= MaskOf(mid);
  }
  messages &= MessagesOf(rule.action);
  auto mount_path = CompileIfAny(rule.mount_path_glob);
  auto path = CompileIfAny(rule.path_glob);
  if (!mount_path.ok() || !path.ok()) return Malformed(rule, "a bad glob");
  return std::shared_ptr<StandingRule>(new StandingRule(
      std::move(rule), messages, *std::move(mount_path), *std::move(path)));
}

StandingRule::StandingRule(Rule rule, MessageMask messages,
                           glob::Glob mount_path, glob::Glob path)
    : rule_(std::move(rule)),
      messages_(messages),
      mount_path_(std::move(mount_path)),
      path_(std::move(path)),
      holds_(Holds(rule_.action)),
      random_state_(rule_.trigger.seed) {}

bool StandingRule::Matches(const lisafs::Connection& connection,
                           RequestSubject& subject) const {
  if (!rule_.connection_id.empty() &&
      rule_.connection_id != connection.options().name) {
    return false;
  }
  if (!rule_.mount_path_glob.empty() &&
      !mount_path_.Matches(connection.mount_path())) {
    return false;
  }
  if (rule_.request_uid && subject.uid() != rule_.request_uid) return false;
  if (!rule_.path_glob.empty() && !subject.PathMatches(path_)) return false;
  return !std::holds_alternative<Readonly>(rule_.action) || subject.mutates();
}

Firing StandingRule::Fire(int64_t now_unix_ns) {
  base::MutexLock lock(mu_);
  ++counters_.matches;
  if (!ConditionsHold()) return {};
  if (holds_ && counters_.active >= rule_.trigger.max_active) {
    ++counters_.overflow;
    return {};
  }
  ++counters_.hits;
  counters_.last_hit_unix_ns = now_unix_ns;
  if (holds_) ++counters_.active;
  Firing firing{true, 0};
  if (const auto* delay = std::get_if<Delay>(&rule_.action)) {
    firing.delay_ns = delay->fixed_ns;
    if (delay->jitter_ns != 0) {
      firing.delay_ns += NextRandom() % (delay->jitter_ns + 1);
    }
  }
  return firing;
}

void StandingRule::Release() {
  base::MutexLock lock(mu_);
  --counters_.active;
}

RuleCounters StandingRule::Counters() const {
  base::MutexLock lock(mu_);
  return counters_;
}

bool StandingRule::ConditionsHold() {
  const Trigger& trigger = rule_.trigger;
  if (counters_.matches <= trigger.skip_first) return false;
  const uint64_t index = counters_.matches - trigger.skip_first - 1;
  if (trigger.every_nth > 1 && index % trigger.every_nth != 0) return false;
  if (trigger.probability_denominator != 0 &&
      NextRandom() % trigger.probability_denominator >=
          trigger.probability_numerator) {
    return false;
  }
  return trigger.max_hits == 0 || counters_.hits < trigger.max_hits;
}

// SplitMix64: the same seed gives the same sequence on every machine.
uint64_t StandingRule::NextRandom() {
  random_state_ += 0x9E3779B97F4A7C15u;
  uint64_t bits = random_state_;
  bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9u;
  bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EBu;
  return bits ^ (bits >> 31);
}

}  // namespace gofer::rules
