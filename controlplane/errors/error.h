// Error: an absl::Status of the admin API, with the reason that callers can
// switch on.

#ifndef GOFERD_CONTROLPLANE_ERRORS_ERROR_H_
#define GOFERD_CONTROLPLANE_ERRORS_ERROR_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "goferd/admin/v1/error_reason.pb.h"

namespace goferd::errors {

using Reason = admin::v1::ErrorReason;

// Keys and values of ErrorInfo.metadata.
using Metadata = std::vector<std::pair<std::string, std::string>>;

// The gRPC code that belongs to `reason`; see error_reason.proto. ROLE_REQUIRED
// is PERMISSION_DENIED here; NoIdentity makes it UNAUTHENTICATED.
absl::StatusCode CodeOf(Reason reason);

// Makes a failed status with an ErrorInfo (domain "goferd") as payload. `text`
// says what happened and what to do.
absl::Status Error(Reason reason, absl::string_view text,
                   const Metadata& metadata = {});

// Makes the error for a caller without a role: UNAUTHENTICATED, ROLE_REQUIRED.
absl::Status NoIdentity(absl::string_view text, const Metadata& metadata = {});

// Makes what Error makes, with a RetryInfo of `retry_after_ms`.
absl::Status ErrorWithRetry(Reason reason, absl::string_view text,
                            int retry_after_ms, const Metadata& metadata = {});

// The reason that a status of this room carries; ERROR_REASON_UNSPECIFIED for
// any other status.
Reason ReasonOf(const absl::Status& status);

// Makes the error for a failed system call on the host: ENOENT is
// PATH_NOT_FOUND, ENOTDIR ROOT_NOT_DIRECTORY, EMFILE and ENFILE FD_LIMIT,
// ENOSPC, EDQUOT and ENOMEM STORAGE_LIMIT, EAGAIN PROCESS_LIMIT, ELOOP,
// ENAMETOOLONG and EINVAL FIELD_INVALID, EACCES, EPERM and EROFS
// HOST_PERMISSION, ENOSYS KERNEL_FEATURE_MISSING, any other errno
// INTERNAL_FAULT. The metadata begins with the errno's name ("errno"); `what`
// is in the text. Errors about an exhausted resource have a RetryInfo.
absl::Status FromErrno(int error_number, absl::string_view what,
                       const Metadata& metadata = {});

// Gathers the faults of a request, so that the caller learns all of them at
// once.
class FieldViolations {
 public:
  // `field` is a path such as "server.limits.max_fds"; `text` says what to do.
  // The status gets the reason of the violations, or FIELD_INVALID when their
  // reasons differ.
  void Add(absl::string_view field, absl::string_view text,
           Reason reason = Reason::FIELD_INVALID);
  bool empty() const { return violations_.empty(); }
  // Returns OK when there are no violations; otherwise INVALID_ARGUMENT with a
  // BadRequest that names all of them, in order, 1000 at most.
  absl::Status ToStatus() const;

 private:
  struct Violation {
    std::string field;
    std::string text;
    Reason reason;
  };
  std::vector<Violation> violations_;
};

}  // namespace goferd::errors

#endif  // GOFERD_CONTROLPLANE_ERRORS_ERROR_H_
