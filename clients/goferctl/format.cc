#include "clients/goferctl/format.h"

#include <map>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/map.h"
#include "google/protobuf/timestamp.pb.h"

namespace goferctl {
namespace {

bool IsAbsent(const google::protobuf::Timestamp& time) {
  return time.seconds() == 0 && time.nanos() == 0;
}

}  // namespace

absl::Time TimeOf(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) +
         absl::Nanoseconds(time.nanos());
}

absl::Duration DurationOf(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) +
         absl::Nanoseconds(duration.nanos());
}

std::string ShortDuration(absl::Duration duration) {
  constexpr absl::Duration kDay = absl::Hours(24);
  if (duration >= kDay) {
    absl::Duration rest;
    const int64_t days = absl::IDivDuration(duration, kDay, &rest);
    return absl::StrCat(days, "d", absl::ToInt64Hours(rest), "h");
  }
  if (duration >= absl::Hours(1)) {
    duration = absl::Trunc(duration, absl::Minutes(1));
  } else if (duration >= absl::Seconds(1)) {
    duration = absl::Trunc(duration, absl::Seconds(1));
  } else if (duration >= absl::Milliseconds(1)) {
    duration = absl::Trunc(duration, absl::Milliseconds(1));
  }
  std::string text = absl::FormatDuration(duration);
  // "3h0m0s" is what a truncated duration looks like otherwise.
  if (text.size() > 4 && absl::EndsWith(text, "m0s")) {
    text.resize(text.size() - 2);
  }
  return text;
}

std::string Age(const google::protobuf::Timestamp& time) {
  if (IsAbsent(time)) return "";
  const absl::Duration age = absl::Now() - TimeOf(time);
  return age < absl::Seconds(1) ? "0s" : ShortDuration(age);
}

std::string Moment(const google::protobuf::Timestamp& time) {
  if (IsAbsent(time)) return "";
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", TimeOf(time),
                          absl::UTCTimeZone());
}

std::string Bytes(int64_t bytes) {
  if (bytes < 1024) return bytes <= 0 ? "0" : absl::StrCat(bytes, "B");
  auto amount = static_cast<double>(bytes);
  constexpr absl::string_view kUnits = "KMGT";
  size_t unit = 0;
  for (amount /= 1024; amount >= 1024 && unit + 1 < kUnits.size(); ++unit) {
    amount /= 1024;
  }
  return absl::StrFormat("%.1f%ciB", amount, kUnits[unit]);
}

std::string LabelList(const Labels& labels) {
  const std::map<std::string, std::string> sorted(labels.begin(), labels.end());
  return absl::StrJoin(sorted, ",", absl::PairFormatter("="));
}

std::string Word(absl::string_view enum_name, absl::string_view prefix) {
  if (absl::EndsWith(enum_name, "_UNSPECIFIED")) return "";
  return absl::StrReplaceAll(
      absl::AsciiStrToLower(absl::StripPrefix(enum_name, prefix)),
      {{"_", "-"}});
}

}  // namespace goferctl
