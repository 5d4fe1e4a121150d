// ErrorDetails: what goferd says about a failed call besides its code and text.

#ifndef GOFERD_CLIENTS_ADMIN_ERROR_DETAILS_H_
#define GOFERD_CLIENTS_ADMIN_ERROR_DETAILS_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace goferd::admin::v1 {
enum ErrorReason : int;
}  // namespace goferd::admin::v1

namespace grpc {
class Status;
}  // namespace grpc

namespace goferd::client {

// A value. Every field is empty for an error that is not goferd's.
struct ErrorDetails {
  struct FieldViolation {
    std::string field;
    std::string description;
    std::string reason;
  };

  // ERROR_REASON_UNSPECIFIED (0) for a reason that is newer than this client.
  admin::v1::ErrorReason reason = {};
  std::string reason_name;
  std::map<std::string, std::string> metadata = {};
  std::vector<FieldViolation> field_violations = {};
  std::optional<absl::Duration> retry_delay = {};
};

// The details become payloads under their type URLs, as controlplane/errors
// makes them. 16 details at most are kept.
absl::Status ToAbslStatus(const grpc::Status& status);

// Reads the details of a status that ToAbslStatus or controlplane/errors made.
// A detail that does not parse is left out.
ErrorDetails DetailsOf(const absl::Status& status);

}  // namespace goferd::client

#endif  // GOFERD_CLIENTS_ADMIN_ERROR_DETAILS_H_
