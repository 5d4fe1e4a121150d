#include "controlplane/service/rule_checks.h"

#include <cstdint>
#include <limits>

#include "absl/strings/str_cat.h"
#include "controlplane/service/field_checks.h"
#include "controlplane/translate/rule_translation.h"
#include "server/glob/glob.h"

namespace goferd::service {
namespace {

using admin::HandlerRule;
using errors::FieldViolations;

constexpr size_t kMostGlobBytes = 4095;
constexpr int kMostMids = 256;
constexpr int kMostHeld = 1024;
constexpr uint32_t kMostDenominator = 1'000'000;
constexpr absl::Duration kMostDelay = absl::Seconds(60);
constexpr absl::Duration kLeastTtl = absl::Milliseconds(1);
// A longer ttl may lead beyond the last timestamp.
constexpr absl::Duration kMostRuleTtl = absl::Hours(24 * 36500);
constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

void CheckGlob(FieldViolations& violations, absl::string_view field,
               absl::string_view glob) {
  CheckText(violations, field, glob, kMostGlobBytes);
  if (glob.find('\0') != absl::string_view::npos) {
    violations.Add(field, "must not contain NUL");
    return;
  }
  // An empty glob is absent. The gofer compiles globs by the same code.
  if (!glob.empty() && glob.size() <= kMostGlobBytes &&
      !gofer::glob::Glob::Compile(glob).ok()) {
    violations.Add(field,
                   "must have a \"]\" for each \"[\", ranges from low to high, "
                   "and a character behind each \"\\\"");
  }
}

void CheckMatch(FieldViolations& violations, absl::string_view field,
                const HandlerRule::Match& match, absl::string_view server_id) {
  const std::string mids = absl::StrCat(field, ".mids");
  if (match.mids_size() > kMostMids) {
    violations.Add(mids, absl::StrCat("must be at most ", kMostMids));
  } else {
    for (int i = 0; i < match.mids_size(); ++i) {
      CheckMid(violations, absl::StrCat(mids, "[", i, "]"), match.mids(i));
    }
  }
  CheckEnum(violations, absl::StrCat(field, ".op_class"), match.op_class());
  if (!match.connection().empty()) {
    const std::string connection = absl::StrCat(field, ".connection");
    const names::ChildName name =
        CheckConnectionName(violations, connection, match.connection());
    if (!name.id.empty() && !server_id.empty() && server_id != name.server_id) {
      violations.Add(
          connection,
          absl::StrCat("must be one of ", names::FormatServerName(server_id)));
    }
  }
  CheckGlob(violations, absl::StrCat(field, ".mount_path_glob"),
            match.mount_path_glob());
  CheckGlob(violations, absl::StrCat(field, ".path_glob"), match.path_glob());
}

void CheckDelay(FieldViolations& violations, absl::string_view field,
                const HandlerRule::DelayAction& delay) {
  if (!delay.has_fixed() && !delay.has_jitter()) {
    violations.Add(field, "must have fixed, jitter or both");
  }
  if (delay.has_fixed()) {
    CheckDuration(violations, absl::StrCat(field, ".fixed"), delay.fixed(),
                  absl::ZeroDuration(), kMostDelay);
  }
  if (delay.has_jitter()) {
    CheckDuration(violations, absl::StrCat(field, ".jitter"), delay.jitter(),
                  absl::ZeroDuration(), kMostDelay);
  }
}

void CheckAction(FieldViolations& violations, absl::string_view field,
                 const HandlerRule& rule) {
  switch (rule.action_case()) {
    case HandlerRule::ACTION_NOT_SET:
      violations.Add(absl::StrCat(field, ".action"),
                     "must be one of error, delay, deny, readonly, short_io, "
                     "disconnect, hang, refuse_fd_donation, observe");
      return;
    case HandlerRule::kError:
      if (translate::ErrnoNumber(rule.error().code()) == 0) {
        violations.Add(absl::StrCat(field, ".error.code"),
                       "must be the name of a Linux errno, such as \"EIO\"");
      }
      return;
    case HandlerRule::kDelay:
      return CheckDelay(violations, absl::StrCat(field, ".delay"),
                        rule.delay());
    case HandlerRule::kShortIo:
      return CheckRange(violations, absl::StrCat(field, ".short_io.max_bytes"),
                        rule.short_io().max_bytes(), 1, kMost);
    default:
      return;
  }
}

void CheckTrigger(FieldViolations& violations, absl::string_view field,
                  const HandlerRule::Trigger& trigger) {
  CheckRange(violations, absl::StrCat(field, ".skip_first"),
             trigger.skip_first(), 0, kMost);
  CheckRange(violations, absl::StrCat(field, ".every_nth"), trigger.every_nth(),
             0, kMost);
  if (trigger.has_probability()) {
    const std::string path = absl::StrCat(field, ".probability");
    const auto& chance = trigger.probability();
    CheckRange(violations, absl::StrCat(path, ".numerator"), chance.numerator(),
               0, chance.denominator());
    CheckRange(violations, absl::StrCat(path, ".denominator"),
               chance.denominator(), 1, kMostDenominator);
  }
  CheckRange(violations, absl::StrCat(field, ".max_hits"), trigger.max_hits(),
             0, kMost);
  CheckRange(violations, absl::StrCat(field, ".max_active"),
             trigger.max_active(), 0, kMostHeld);
}

void CheckExpiration(FieldViolations& violations, absl::string_view field,
                     const HandlerRule& rule, absl::Time now) {
  switch (rule.expiration_case()) {
    case HandlerRule::EXPIRATION_NOT_SET:
      violations.Add(absl::StrCat(field, ".ttl"),
                     "must be set, or expire_time or permanent instead");
      return;
    case HandlerRule::kExpireTime: {
      const std::string path = absl::StrCat(field, ".expire_time");
      if (CheckTimestamp(violations, path, rule.expire_time()) <= now) {
        violations.Add(path, "must be in the future");
      }
      return;
    }
    case HandlerRule::kTtl:
      CheckDuration(violations, absl::StrCat(field, ".ttl"), rule.ttl(),
                    kLeastTtl, kMostRuleTtl);
      return;
    case HandlerRule::kPermanent:
      if (!rule.permanent()) {
        violations.Add(absl::StrCat(field, ".permanent"),
                       "must be true, or ttl or expire_time set instead");
      }
  }
}

}  // namespace

void CheckRule(FieldViolations& violations, absl::string_view field,
               const HandlerRule& rule, absl::string_view server_id,
               absl::Time now) {
  CheckLabels(violations, absl::StrCat(field, ".labels"), rule.labels());
  CheckMatch(violations, absl::StrCat(field, ".match"), rule.match(),
             server_id);
  CheckAction(violations, field, rule);
  CheckTrigger(violations, absl::StrCat(field, ".trigger"), rule.trigger());
  CheckExpiration(violations, field, rule, now);
}

}  // namespace goferd::service
