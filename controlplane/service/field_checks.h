// Checks of single fields, for the checks of whole requests.

#ifndef GOFERD_CONTROLPLANE_SERVICE_FIELD_CHECKS_H_
#define GOFERD_CONTROLPLANE_SERVICE_FIELD_CHECKS_H_

#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/generated_enum_reflection.h>
#include <google/protobuf/map.h>
#include <google/protobuf/timestamp.pb.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "controlplane/errors/error.h"
#include "controlplane/names/resource_name.h"
#include "controlplane/names/scope.h"

namespace goferd::service {

using Labels = google::protobuf::Map<std::string, std::string>;

// Each check adds the fault of the field at the path `field` to `violations`,
// and says what would be right. It adds nothing for a field that is right.

// Return the ids in a required name; empty when the name is wrong.
std::string CheckServerName(
    errors::FieldViolations& violations, absl::string_view field,
    absl::string_view name,
    names::Wildcard wildcard = names::Wildcard::kRefused);
names::ChildName CheckConnectionName(errors::FieldViolations& violations,
                                     absl::string_view field,
                                     absl::string_view name);
names::ChildName CheckRuleName(errors::FieldViolations& violations,
                               absl::string_view field, absl::string_view name);
// Checks a server's name or a connection's; `id` is empty for a server.
names::ChildName CheckServerOrConnectionName(
    errors::FieldViolations& violations, absl::string_view field,
    absl::string_view name, names::Wildcard wildcard);
// Checks a required id.
void CheckId(errors::FieldViolations& violations, absl::string_view field,
             absl::string_view id);

// A request id must be empty or a UUID.
void CheckRequestId(errors::FieldViolations& violations,
                    absl::string_view field, absl::string_view request_id);
void CheckLabels(errors::FieldViolations& violations, absl::string_view field,
                 const Labels& labels);
// A text must be UTF-8 of at most `max_bytes`.
void CheckText(errors::FieldViolations& violations, absl::string_view field,
               absl::string_view text, size_t max_bytes);
// A required path must be absolute and UTF-8, with at most 4095 bytes and no
// NUL.
void CheckPath(errors::FieldViolations& violations, absl::string_view field,
               absl::string_view path);
// Returns the absolute `path` without empty and "." components; ".." is
// resolved, and stays at the root.
std::string CleanPath(absl::string_view path);

// Checks that a duration is in [`least`, `most`], and returns it.
absl::Duration CheckDuration(errors::FieldViolations& violations,
                             absl::string_view field,
                             const google::protobuf::Duration& duration,
                             absl::Duration least, absl::Duration most);
// Checks that a time is in the years 1 to 9999, and returns it.
absl::Time CheckTimestamp(errors::FieldViolations& violations,
                          absl::string_view field,
                          const google::protobuf::Timestamp& timestamp);
void CheckRange(errors::FieldViolations& violations, absl::string_view field,
                int64_t value, int64_t least, int64_t most);
// Checks the number of a message. Whether the gofer knows the message is not
// checked: it may be newer.
void CheckMid(errors::FieldViolations& violations, absl::string_view field,
              int mid);

// Whether 0, "unspecified", may stand for a default.
enum class Unspecified { kAllowed, kRefused };
// Checks that `value` is a value of the enum.
void CheckEnumNumber(errors::FieldViolations& violations,
                     absl::string_view field,
                     const google::protobuf::EnumDescriptor& type, int value,
                     Unspecified unspecified);
template <class Enum>
void CheckEnum(errors::FieldViolations& violations, absl::string_view field,
               Enum value, Unspecified unspecified = Unspecified::kAllowed) {
  CheckEnumNumber(violations, field,
                  *google::protobuf::GetEnumDescriptor<Enum>(), value,
                  unspecified);
}

// The connections that `name` stands for; nothing when it names servers.
std::optional<names::ConnectionScope> ConnectionsOf(
    const names::ChildName& name);

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_FIELD_CHECKS_H_
