#include "server/worker/rule_translation.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "server/control/bounds.h"
#include "server/worker/page_filler.h"

namespace gofer::worker {
namespace {

namespace v1 = ::goferd::worker::v1;

static_assert(rules::RuleBook::kMaxRules == control::kMostRules);
static_assert(rules::kMostDaemonData == control::kMostRuleData);

Failure::Code CodeOf(rules::FailureKind kind) {
  switch (kind) {
    case rules::FailureKind::kUnknownMid:
      return Failure::UNKNOWN_MID;
    case rules::FailureKind::kUnknownImplementation:
      return Failure::UNKNOWN_IMPLEMENTATION;
    case rules::FailureKind::kWrongGeneration:
      return Failure::WRONG_STATE;
    case rules::FailureKind::kMalformed:
    case rules::FailureKind::kTooMany:
      break;
  }
  return Failure::MALFORMED;
}

Failure ToFailure(const rules::Failure& failure) {
  return MakeFailure(CodeOf(failure.kind), failure.message);
}

// Nothing for an action that is not known, or a negative delay.
std::optional<rules::Action> ToAction(const v1::Rule& rule) {
  switch (rule.action_case()) {
    case v1::Rule::kErrorNumber:
      return rules::AnswerError{rule.error_number()};
    case v1::Rule::kDelay:
      if (rule.delay().fixed_ns() < 0 || rule.delay().jitter_ns() < 0) break;
      return rules::Delay{static_cast<uint64_t>(rule.delay().fixed_ns()),
                          static_cast<uint64_t>(rule.delay().jitter_ns())};
    case v1::Rule::kReadonly:
      return rules::Readonly{};
    case v1::Rule::kShortIoBytes:
      return rules::ShortIo{rule.short_io_bytes()};
    case v1::Rule::kDisconnect:
      return rules::Disconnect{};
    case v1::Rule::kHang:
      return rules::Hang{};
    case v1::Rule::kRefuseFdDonation:
      return rules::RefuseFdDonation{};
    case v1::Rule::kObserve:
      return rules::Observe{};
    case v1::Rule::ACTION_NOT_SET:
      break;
  }
  return std::nullopt;
}

FailureOr<rules::Rule> ToRule(const v1::Rule& from) {
  auto action = ToAction(from);
  if (!action) {
    return MakeFailure(Failure::MALFORMED,
                       absl::StrCat("rule ", from.rule_id(),
                                    ": its action is not set, not known, or a "
                                    "negative delay"));
  }
  if (from.daemon_data().size() > control::kMostRuleData) {
    return MakeFailure(Failure::MALFORMED,
                       absl::StrCat("rule ", from.rule_id(),
                                    ": daemon_data is longer than 32 KiB"));
  }
  rules::Rule rule;
  rule.uid = from.uid();
  rule.rule_id = from.rule_id();
  rule.priority = from.priority();
  rule.age_number = from.age_number();
  rule.mids.assign(from.mids().begin(), from.mids().end());
  rule.connection_id = from.connection_id();
  rule.mount_path_glob = from.mount_path_glob();
  rule.path_glob = from.path_glob();
  if (from.has_request_uid()) rule.request_uid = from.request_uid();
  rule.action = *std::move(action);
  rule.trigger = {.skip_first = from.skip_first(),
                  .every_nth = from.every_nth(),
                  .probability_numerator = from.probability_numerator(),
                  .probability_denominator = from.probability_denominator(),
                  .max_hits = from.max_hits(),
                  .max_active = from.max_active(),
                  .seed = from.seed()};
  rule.expire_unix_ns = from.expire_unix_ns();
  rule.daemon_data = from.daemon_data();
  return rule;
}

struct ActionWriter {
  v1::Rule& to;

  void operator()(const rules::AnswerError& error) const {
    to.set_error_number(error.number);
  }
  void operator()(const rules::Delay& delay) const {
    to.mutable_delay()->set_fixed_ns(static_cast<int64_t>(delay.fixed_ns));
    to.mutable_delay()->set_jitter_ns(static_cast<int64_t>(delay.jitter_ns));
  }
  void operator()(rules::Readonly) const { to.mutable_readonly(); }
  void operator()(const rules::ShortIo& io) const {
    to.set_short_io_bytes(io.max_bytes);
  }
  void operator()(rules::Disconnect) const { to.mutable_disconnect(); }
  void operator()(rules::Hang) const { to.mutable_hang(); }
  void operator()(rules::RefuseFdDonation) const {
    to.mutable_refuse_fd_donation();
  }
  void operator()(rules::Observe) const { to.mutable_observe(); }
};

void FromStatus(const rules::RuleStatus& status, v1::Rule& to) {
  const rules::Rule& rule = status.rule;
  to.set_uid(rule.uid);
  to.set_rule_id(rule.rule_id);
  to.set_priority(rule.priority);
  to.set_age_number(rule.age_number);
  to.mutable_mids()->Add(rule.mids.begin(), rule.mids.end());
  to.set_connection_id(rule.connection_id);
  to.set_mount_path_glob(rule.mount_path_glob);
  to.set_path_glob(rule.path_glob);
  if (rule.request_uid) to.set_request_uid(*rule.request_uid);
  std::visit(ActionWriter{to}, rule.action);
  to.set_skip_first(rule.trigger.skip_first);
  to.set_every_nth(rule.trigger.every_nth);
  to.set_probability_numerator(rule.trigger.probability_numerator);
  to.set_probability_denominator(rule.trigger.probability_denominator);
  to.set_max_hits(rule.trigger.max_hits);
  to.set_max_active(rule.trigger.max_active);
  to.set_seed(rule.trigger.seed);
  to.set_expire_unix_ns(rule.expire_unix_ns);
  to.set_daemon_data(rule.daemon_data);
  v1::RuleCounters& counters = *to.mutable_counters();
  counters.set_matches(status.counters.matches);
  counters.set_hits(status.counters.hits);
  counters.set_overflow(status.counters.overflow);
  counters.set_active(status.counters.active);
  counters.set_last_hit_unix_ns(status.counters.last_hit_unix_ns);
}

v1::RuleList ToList(const std::vector<rules::RuleStatus>& statuses) {
  v1::RuleList list;
  for (const auto& status : statuses) FromStatus(status, *list.add_rules());
  return list;
}

v1::HandlerList ToList(const rules::HandlerList& from) {
  v1::HandlerList list;
  list.set_generation(from.generation);
  for (const rules::HandlerRow& row : from.rows) {
    v1::Handler& handler = *list.add_handlers();
    handler.set_mid(row.mid);
    handler.set_message_name(row.message_name);
    handler.set_mutates(row.mutates);
    handler.set_implementation(row.implementation);
    for (const std::string& name : row.available_implementations) {
      handler.add_available_implementations(name);
    }
  }
  return list;
}

}  // namespace

FailureOr<v1::RuleList> ChangeRules(const v1::ChangeRules& request,
                                    rules::RuleBook& book) {
  std::vector<rules::Rule> upserts;
  for (const v1::Rule& from : request.upsert()) {
    auto rule = ToRule(from);
    if (!rule.ok()) return rule.failure();
    upserts.push_back(std::move(*rule));
  }
  const auto changed =
      book.Change({request.remove_uids().begin(), request.remove_uids().end()},
                  std::move(upserts));
  if (const auto* failure = std::get_if<rules::Failure>(&changed)) {
    return ToFailure(*failure);
  }
  return ToList(*std::get_if<std::vector<rules::RuleStatus>>(&changed));
}

v1::RuleList ListRules(const v1::ListRules& request,
                       const rules::RuleBook& book) {
  v1::RuleList all = ToList(book.List());
  if (request.without_daemon_data()) {
    for (v1::Rule& rule : *all.mutable_rules()) rule.clear_daemon_data();
  }
  if (!request.has_page()) return all;
  std::sort(
      all.mutable_rules()->begin(), all.mutable_rules()->end(),
      [](const v1::Rule& a, const v1::Rule& b) { return a.uid() < b.uid(); });
  v1::RuleList list;
  PageFiller page(request.page());
  for (v1::Rule& rule : *all.mutable_rules()) {
    if (rule.uid() <= request.page().after_uid()) continue;
    if (!page.Take(rule.uid(), rule.ByteSizeLong())) break;
    *list.add_rules() = std::move(rule);
  }
  list.set_next_after_uid(page.next_after_uid());
  return list;
}

FailureOr<v1::HandlerList> SetHandlers(const v1::SetHandlers& request,
                                       rules::RuleBook& book) {
  std::vector<rules::Assignment> assignments;
  for (const auto& row : request.assignments()) {
    assignments.push_back({row.mid(), row.implementation()});
  }
  const auto set = book.SetHandlers(
      assignments, request.expected_generation(),
      {request.remove_rule_uids().begin(), request.remove_rule_uids().end()});
  if (const auto* failure = std::get_if<rules::Failure>(&set)) {
    return ToFailure(*failure);
  }
  return ToList(*std::get_if<rules::HandlerList>(&set));
}

v1::HandlerList ListHandlers(const rules::RuleBook& book) {
  return ToList(book.ListHandlers());
}

}  // namespace gofer::worker
