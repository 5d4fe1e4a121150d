#include "controlplane/service/field_checks.h"

#include <algorithm>
#include <limits>
#include <map>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "controlplane/names/label.h"
#include "controlplane/service/utf8.h"
#include "controlplane/translate/time_conversion.h"

namespace goferd::service {
namespace {

using errors::FieldViolations;
using errors::Reason;

constexpr size_t kMostPathBytes = 4095;
constexpr int64_t kMostDurationSeconds = 315'576'000'000;
constexpr int64_t kFirstSecond = -62'135'596'800;
constexpr int64_t kLastSecond = 253'402'300'799;
constexpr int32_t kMostNanos = 999'999'999;
constexpr char kIdForm[] = "[a-z]([a-z0-9-]{0,61}[a-z0-9])?";

std::string NameText(absl::string_view form, names::Wildcard wildcard) {
  return absl::StrCat(
      "must be ", form, ", with ids ", kIdForm,
      wildcard == names::Wildcard::kAllowed ? " or \"-\" for all" : "");
}

// Describes the fault of `path`; returns an empty string when it has none.
std::string PathFault(absl::string_view path) {
  if (path.size() > kMostPathBytes) {
    return absl::StrCat("must have at most ", kMostPathBytes, " bytes");
  }
  if (path.find('\0') != absl::string_view::npos) {
    return "must not contain NUL";
  }
  if (!IsUtf8(path)) return "must be UTF-8";
  return "";
}

bool IsValid(const google::protobuf::Duration& duration) {
  const int64_t seconds = duration.seconds();
  const int32_t nanos = duration.nanos();
  return seconds >= -kMostDurationSeconds && seconds <= kMostDurationSeconds &&
         nanos >= -kMostNanos && nanos <= kMostNanos &&
         !(seconds > 0 && nanos < 0) && !(seconds < 0 && nanos > 0);
}

}  // namespace

std::string CheckServerName(FieldViolations& violations,
                            absl::string_view field, absl::string_view name,
                            names::Wildcard wildcard) {
  if (auto id = names::ParseServerName(name, wildcard)) return *std::move(id);
  violations.Add(field, NameText("servers/{server}", wildcard));
  return "";
}

names::ChildName CheckConnectionName(FieldViolations& violations,
                                     absl::string_view field,
                                     absl::string_view name) {
  if (auto child =
          names::ParseConnectionName(name, names::Wildcard::kRefused)) {
    return *std::move(child);
  }
  violations.Add(field, NameText("servers/{server}/connections/{connection}",
                                 names::Wildcard::kRefused));
  return {};
}

names::ChildName CheckRuleName(FieldViolations& violations,
                               absl::string_view field,
                               absl::string_view name) {
  if (auto child = names::ParseRuleName(name)) return *std::move(child);
  violations.Add(field, NameText("servers/{server}/handlerRules/{rule}",
                                 names::Wildcard::kRefused));
  return {};
}

names::ChildName CheckServerOrConnectionName(FieldViolations& violations,
                                             absl::string_view field,
                                             absl::string_view name,
                                             names::Wildcard wildcard) {
  if (auto id = names::ParseServerName(name, wildcard)) {
    return {*std::move(id), ""};
  }
  if (auto child = names::ParseConnectionName(name, wildcard)) {
    return *std::move(child);
  }
  violations.Add(field, NameText("servers/{server} or "
                                 "servers/{server}/connections/{connection}",
                                 wildcard));
  return {};
}

void CheckId(FieldViolations& violations, absl::string_view field,
             absl::string_view id) {
  if (!names::IsValidId(id)) {
    violations.Add(field, absl::StrCat("must be ", kIdForm));
  }
}

void CheckRequestId(FieldViolations& violations, absl::string_view field,
                    absl::string_view request_id) {
  if (request_id.empty()) return;
  const std::vector<absl::string_view> groups =
      absl::StrSplit(request_id, absl::MaxSplits('-', 5));
  constexpr size_t kLengths[] = {8, 4, 4, 4, 12};
  bool valid = groups.size() == std::size(kLengths);
  for (size_t i = 0; valid && i < groups.size(); ++i) {
    valid =
        groups[i].size() == kLengths[i] &&
        std::all_of(groups[i].begin(), groups[i].end(),
                    [](unsigned char c) { return absl::ascii_isxdigit(c); });
  }
  if (!valid) {
    violations.Add(field,
                   "must be empty or a UUID, such as "
                   "\"123e4567-e89b-42d3-a456-426614174000\"");
  }
}

void CheckLabels(FieldViolations& violations, absl::string_view field,
                 const Labels& labels) {
  if (labels.size() > names::kMostLabels) {
    violations.Add(field, absl::StrCat("must have at most ", names::kMostLabels,
                                       " labels; has ", labels.size()));
    return;
  }
  // Labels are checked in the order of keys: the map's order differs between
  // processes.
  const std::map<std::string, std::string> sorted(labels.begin(), labels.end());
  for (const auto& [key, value] : sorted) {
    if (!names::IsLabelKey(key)) {
      violations.Add(
          field,
          absl::StrCat("keys must be "
                       "[a-z0-9]([a-z0-9._/-]{0,61}[a-z0-9])?; \"",
                       absl::CHexEscape(key.substr(0, 64)), "\" is not"));
    } else if (value.size() > names::kMostLabelBytes || !IsUtf8(value)) {
      violations.Add(absl::StrCat(field, ".", key),
                     absl::StrCat("must be UTF-8 of at most ",
                                  names::kMostLabelBytes, " bytes"));
    }
  }
}

void CheckText(FieldViolations& violations, absl::string_view field,
               absl::string_view text, size_t max_bytes) {
  if (text.size() > max_bytes || !IsUtf8(text)) {
    violations.Add(
        field, absl::StrCat("must be UTF-8 of at most ", max_bytes, " bytes"));
  }
}

void CheckPath(FieldViolations& violations, absl::string_view field,
               absl::string_view path) {
  if (path.empty() || path.front() != '/') {
    violations.Add(field, "must be an absolute path, beginning with \"/\"",
                   Reason::PATH_NOT_ABSOLUTE);
  } else if (const std::string fault = PathFault(path); !fault.empty()) {
    violations.Add(field, fault);
  }
}

std::string CleanPath(absl::string_view path) {
  std::vector<absl::string_view> kept;
  for (const absl::string_view part : absl::StrSplit(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      kept.push_back(part);
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  return absl::StrCat("/", absl::StrJoin(kept, "/"));
}

absl::Duration CheckDuration(FieldViolations& violations,
                             absl::string_view field,
                             const google::protobuf::Duration& duration,
                             absl::Duration least, absl::Duration most) {
  const absl::Duration value = translate::ToDuration(duration);
  if (!IsValid(duration) || value < least || value > most) {
    violations.Add(field,
                   most == absl::InfiniteDuration()
                       ? absl::StrCat("must be a valid duration of at "
                                      "least ",
                                      absl::FormatDuration(least))
                       : absl::StrCat("must be a valid duration from ",
                                      absl::FormatDuration(least), " to ",
                                      absl::FormatDuration(most)));
  }
  return value;
}

absl::Time CheckTimestamp(FieldViolations& violations, absl::string_view field,
                          const google::protobuf::Timestamp& timestamp) {
  if (timestamp.seconds() < kFirstSecond || timestamp.seconds() > kLastSecond ||
      timestamp.nanos() < 0 || timestamp.nanos() > kMostNanos) {
    violations.Add(field, "must be a valid timestamp of the years 1 to 9999");
  }
  return translate::ToTime(timestamp);
}

void CheckRange(FieldViolations& violations, absl::string_view field,
                int64_t value, int64_t least, int64_t most) {
  if (value >= least && value <= most) return;
  violations.Add(field,
                 most == std::numeric_limits<int64_t>::max()
                     ? absl::StrCat("must be at least ", least)
                     : absl::StrCat("must be from ", least, " to ", most));
}

void CheckMid(FieldViolations& violations, absl::string_view field, int mid) {
  if (mid < 1 || mid > std::numeric_limits<uint16_t>::max()) {
    violations.Add(field, "must be a message that a client can request",
                   Reason::UNKNOWN_MID);
  }
}

void CheckEnumNumber(FieldViolations& violations, absl::string_view field,
                     const google::protobuf::EnumDescriptor& type, int value,
                     Unspecified unspecified) {
  if (value == 0 && unspecified == Unspecified::kAllowed) return;
  if (value != 0 && type.FindValueByNumber(value) != nullptr) return;
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0) names.push_back(type.value(i)->name());
  }
  violations.Add(field,
                 absl::StrCat("must be one of ", absl::StrJoin(names, ", ")));
}

std::optional<names::ConnectionScope> ConnectionsOf(
    const names::ChildName& name) {
  if (name.id.empty()) return std::nullopt;
  return names::ConnectionScope(name.id);
}

}  // namespace goferd::service
