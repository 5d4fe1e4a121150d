#include "controlplane/translate/rule_translation.h"

#include <string.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "absl/strings/str_cat.h"
#include "controlplane/names/resource_name.h"
#include "controlplane/translate/time_conversion.h"

namespace goferd::translate {
namespace {

using admin::HandlerRule;
using worker::v1::Rule;

constexpr int kMostErrno = 4095;
constexpr uint32_t kDefaultMaxActive = 16;

void SetAction(const HandlerRule& rule, Rule& to) {
  switch (rule.action_case()) {
    case HandlerRule::kError:
      to.set_error_number(ErrnoNumber(rule.error().code()));
      break;
    case HandlerRule::kDeny:
      to.set_error_number(EACCES);
      break;
    case HandlerRule::kDelay:
      to.mutable_delay()->set_fixed_ns(
          absl::ToInt64Nanoseconds(ToDuration(rule.delay().fixed())));
      to.mutable_delay()->set_jitter_ns(
          absl::ToInt64Nanoseconds(ToDuration(rule.delay().jitter())));
      break;
    case HandlerRule::kReadonly:
      to.mutable_readonly();
      break;
    case HandlerRule::kShortIo:
      to.set_short_io_bytes(static_cast<uint64_t>(rule.short_io().max_bytes()));
      break;
    case HandlerRule::kDisconnect:
      to.mutable_disconnect();
      break;
    case HandlerRule::kHang:
      to.mutable_hang();
      break;
    case HandlerRule::kRefuseFdDonation:
      to.mutable_refuse_fd_donation();
      break;
    case HandlerRule::kObserve:
    case HandlerRule::ACTION_NOT_SET:
      to.mutable_observe();
      break;
  }
}

void SetTrigger(const HandlerRule::Trigger& trigger, Rule& to) {
  to.set_skip_first(static_cast<uint64_t>(trigger.skip_first()));
  to.set_every_nth(static_cast<uint64_t>(trigger.every_nth()));
  if (trigger.has_probability()) {
    to.set_probability_numerator(trigger.probability().numerator());
    to.set_probability_denominator(trigger.probability().denominator());
  }
  to.set_max_hits(static_cast<uint64_t>(trigger.max_hits()));
  to.set_max_active(trigger.max_active() == 0
                        ? kDefaultMaxActive
                        : static_cast<uint32_t>(trigger.max_active()));
  to.set_seed(trigger.seed());
}

}  // namespace

bool IsFault(const HandlerRule& rule) {
  switch (rule.action_case()) {
    case HandlerRule::kError:
    case HandlerRule::kDelay:
    case HandlerRule::kShortIo:
    case HandlerRule::kDisconnect:
    case HandlerRule::kHang:
      return true;
    default:
      return false;
  }
}

admin::OpClass ClassOf(uint32_t mid) {
  switch (mid) {
    case admin::MID_PREAD:
      return admin::OP_CLASS_READ;
    case admin::MID_PWRITE:
    case admin::MID_FALLOCATE:
      return admin::OP_CLASS_WRITE;
    default:
      return admin::OP_CLASS_METADATA;
  }
}

std::optional<std::vector<uint32_t>> MidsOf(
    const HandlerRule::Match& match, const std::vector<uint32_t>& known_mids) {
  if (match.mids().empty() && match.op_class() == admin::OP_CLASS_UNSPECIFIED) {
    return std::vector<uint32_t>();
  }
  std::set<uint32_t> mids;
  if (match.mids().empty()) {
    mids.insert(known_mids.begin(), known_mids.end());
  }
  for (const int mid : match.mids()) mids.insert(static_cast<uint32_t>(mid));
  std::vector<uint32_t> chosen;
  for (const uint32_t mid : mids) {
    if (match.op_class() == admin::OP_CLASS_UNSPECIFIED ||
        ClassOf(mid) == match.op_class()) {
      chosen.push_back(mid);
    }
  }
  if (chosen.empty()) return std::nullopt;
  return chosen;
}

int ErrnoNumber(absl::string_view name) {
  for (int number = 1; number <= kMostErrno; ++number) {
    const char* const known = ::strerrorname_np(number);
    if (known != nullptr && name == known) return number;
  }
  // These are second names, which the table above does not have.
  if (name == "EWOULDBLOCK") return EAGAIN;
  if (name == "ENOTSUP") return EOPNOTSUPP;
  return 0;
}

std::string ErrnoName(int number) {
  const char* const name = ::strerrorname_np(number);
  return name != nullptr ? name : absl::StrCat(number);
}

Rule ToWorker(const HandlerRule& rule, uint64_t age_number,
              const std::vector<uint32_t>& known_mids) {
  Rule to;
  to.set_uid(rule.uid());
  to.set_rule_id(names::IdOf(rule.name()));
  to.set_priority(rule.priority());
  to.set_age_number(age_number);
  if (const auto mids = MidsOf(rule.match(), known_mids)) {
    to.mutable_mids()->Assign(mids->begin(), mids->end());
  } else {
    // No message can match, so that the rule names a number that nobody sends.
    to.add_mids(0);
  }
  if (!rule.match().connection().empty()) {
    to.set_connection_id(names::IdOf(rule.match().connection()));
  }
  to.set_mount_path_glob(rule.match().mount_path_glob());
  to.set_path_glob(rule.match().path_glob());
  if (rule.match().has_uid()) to.set_request_uid(rule.match().uid());
  SetAction(rule, to);
  SetTrigger(rule.trigger(), to);
  if (rule.has_expire_time()) {
    to.set_expire_unix_ns(absl::ToUnixNanos(ToTime(rule.expire_time())));
  }
  HandlerRule kept = rule;
  kept.clear_counters();
  kept.clear_warnings();
  to.set_daemon_data(kept.SerializeAsString());
  return to;
}

void SetCounters(const worker::v1::RuleCounters& counters, HandlerRule& rule) {
  auto& to = *rule.mutable_counters();
  to.set_match_count(static_cast<int64_t>(counters.matches()));
  to.set_hit_count(static_cast<int64_t>(counters.hits()));
  to.set_overflow_count(static_cast<int64_t>(counters.overflow()));
  to.set_active_count(counters.active());
  if (counters.last_hit_unix_ns() != 0) {
    *to.mutable_last_hit_time() = UnixNanosToProto(counters.last_hit_unix_ns());
  }
}

}  // namespace goferd::translate
