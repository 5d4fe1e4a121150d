#include "clients/goferctl/rule_view.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "clients/goferctl/directfs_view.h"
#include "clients/goferctl/format.h"
#include "clients/goferctl/names.h"
#include "goferd/admin/v1/handler_rule.pb.h"

namespace goferctl {
namespace {

using goferd::admin::v1::HandlerRule;
using goferd::admin::v1::Mid;
using goferd::admin::v1::OpClass_Name;

std::string DelayText(const HandlerRule::DelayAction& delay) {
  std::string text =
      absl::StrCat("delay ", ShortDuration(DurationOf(delay.fixed())));
  if (delay.has_jitter()) {
    absl::StrAppend(&text, " +", ShortDuration(DurationOf(delay.jitter())));
  }
  return text;
}

std::string TriggerText(const HandlerRule& rule) {
  const HandlerRule::Trigger& trigger = rule.trigger();
  std::vector<std::string> parts;
  const auto add = [&parts](absl::string_view name, int64_t value) {
    if (value != 0) parts.push_back(absl::StrCat(name, "=", value));
  };
  add("skip", trigger.skip_first());
  add("every", trigger.every_nth());
  if (trigger.has_probability()) {
    parts.push_back(absl::StrCat(trigger.probability().numerator(), "/",
                                 trigger.probability().denominator()));
  }
  add("max", trigger.max_hits());
  return parts.empty() ? "always" : absl::StrJoin(parts, " ");
}

std::string ExpiryText(const HandlerRule& rule) {
  if (rule.permanent()) return "never";
  if (!rule.has_expire_time()) return "";
  const absl::Duration left = TimeOf(rule.expire_time()) - absl::Now();
  return left <= absl::ZeroDuration() ? "now" : ShortDuration(left);
}

std::vector<std::string> Cells(const HandlerRule& rule) {
  return {ShortName(rule.name()),
          ActionText(rule),
          MatchText(rule),
          TriggerText(rule),
          absl::StrCat(rule.priority()),
          ExpiryText(rule),
          absl::StrCat(rule.counters().match_count()),
          absl::StrCat(rule.counters().hit_count()),
          EscapedBy(rule.warnings())};
}

std::vector<std::string> Notes(const HandlerRule& rule) {
  return WarningNotes(rule.warnings());
}

}  // namespace

const View<HandlerRule>& RuleView() {
  static const auto* const view =
      new View<HandlerRule>{{"NAME", "ACTION", "MATCHES", "FIRES", "PRIORITY",
                             "EXPIRES", "MATCHED", "HITS", "ESCAPED BY"},
                            &Cells,
                            &Notes};
  return *view;
}

std::string ActionText(const HandlerRule& rule) {
  switch (rule.action_case()) {
    case HandlerRule::kError:
      return absl::StrCat("error ", rule.error().code());
    case HandlerRule::kDelay:
      return DelayText(rule.delay());
    case HandlerRule::kShortIo:
      return absl::StrCat("short-io ", rule.short_io().max_bytes());
    case HandlerRule::ACTION_NOT_SET:
      return "";
    default:
      break;
  }
  const auto* const field = HandlerRule::descriptor()->FindFieldByNumber(
      static_cast<int>(rule.action_case()));
  return Word(field->name());
}

std::string MatchText(const HandlerRule& rule) {
  const HandlerRule::Match& match = rule.match();
  std::vector<std::string> parts;
  std::vector<std::string> mids;
  for (const int mid : match.mids()) {
    mids.push_back(MidName(static_cast<Mid>(mid)));
  }
  if (!mids.empty()) parts.push_back(absl::StrJoin(mids, ","));
  if (match.op_class() != 0) {
    parts.push_back(absl::StrCat(
        "class=", Word(OpClass_Name(match.op_class()), "OP_CLASS_")));
  }
  const auto add = [&parts](absl::string_view name, const std::string& value) {
    if (!value.empty()) parts.push_back(absl::StrCat(name, "=", value));
  };
  add("connection", ShortName(match.connection()));
  add("mount", match.mount_path_glob());
  add("path", match.path_glob());
  if (match.has_uid()) add("uid", absl::StrCat(match.uid()));
  return parts.empty() ? "all" : absl::StrJoin(parts, " ");
}

}  // namespace goferctl
