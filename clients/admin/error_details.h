// ErrorDetails: what goferd says about a failed call besides its code and text.

#ifndef GOFERD_CLIENTS_ADMIN_ERROR_DETAILS_H_
#define GOFERD_CLIENTS_ADMIN_ERROR_DETAILS_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "goferd/admin/v1/error_reason.pb.h"
#include "grpcpp/support/status.h"

namespace goferd::client {

// A value. Everything is empty for an error that is not goferd's.
struct ErrorDetails {
  struct FieldViolation {
    std::string field;
    std::string description;
    std::string reason;
  };

  // ERROR_REASON_UNSPECIFIED for one that is newer than this client.
  admin::v1::ErrorReason reason = admin::v1::ERROR_REASON_UNSPECIFIED;
  std::string reason_name;
  std::map<std::string, std::string> metadata = {};
  std::vector<FieldViolation> field_violations = {};
  std::optional<absl::Duration> retry_delay = {};
};

// The details become payloads under their type URLs, as controlplane/errors
// makes them. 16 details at most are kept.
absl::Status ToAbslStatus(const grpc::Status& status);

// Those of a status from ToAbslStatus or of controlplane/errors. What does not
// parse is left out.
ErrorDetails DetailsOf(const absl::Status& status);

}  // namespace goferd::client

#endif  // GOFERD_CLIENTS_ADMIN_ERROR_DETAILS_H_
