// Formats: values of the API as cells of a table.

#ifndef GOFERD_CLIENTS_GOFERCTL_FORMAT_H_
#define GOFERD_CLIENTS_GOFERCTL_FORMAT_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "clients/goferctl/flags.h"

namespace google::protobuf {
class Timestamp;
}  // namespace google::protobuf

namespace goferctl {

absl::Time TimeOf(const google::protobuf::Timestamp& time);
absl::Duration DurationOf(const google::protobuf::Duration& duration);

// The duration in its two largest units, such as "3d4h", "12m5s" or "250ms".
std::string ShortDuration(absl::Duration duration);
// How long ago `time` was; empty when the time is absent (zero).
std::string Age(const google::protobuf::Timestamp& time);
// RFC 3339 in UTC, to the second; empty when the time is absent.
std::string Moment(const google::protobuf::Timestamp& time);

// "0", "512B", "2.0MiB".
std::string Bytes(int64_t bytes);
// "a=1,b=2", sorted.
std::string LabelList(const Labels& labels);
// The name of an enum's value without a prefix, in lower case with hyphens;
// empty for `..._UNSPECIFIED`.
std::string Word(absl::string_view enum_name, absl::string_view prefix = "");

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_FORMAT_H_
