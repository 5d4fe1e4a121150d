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
// is PERMISSION_DENIED here; NoIdentity has the other.
absl::StatusCode CodeOf(Reason reason);

// A failed status with an ErrorInfo (domain "goferd") as payload. `text` says
// what happened and what to do.
absl::Status Error(Reason reason, absl::string_view text,
                   const Metadata& metadata = {});

// UNAUTHENTICATED / ROLE_REQUIRED.
absl::Status NoIdentity(absl::string_view text, const Metadata& metadata = {});

// As Error, with a RetryInfo of `retry_after_ms`.
absl::Status ErrorWithRetry(Reason reason, absl::string_view text,
                            int retry_after_ms, const Metadata& metadata = {});

// The reason that a status of ours carries; ERROR_REASON_UNSPECIFIED for
// others.
Reason ReasonOf(const absl::Status& status);

// What a failed system call on the host means: ENOENT is PATH_NOT_FOUND,
// ENOTDIR ROOT_NOT_DIRECTORY, EMFILE and ENFILE FD_LIMIT, ENOSPC, EDQUOT and
// ENOMEM STORAGE_LIMIT, EAGAIN PROCESS_LIMIT, ELOOP, ENAMETOOLONG and EINVAL
// FIELD_INVALID, EACCES, EPERM and EROFS HOST_PERMISSION, ENOSYS
// KERNEL_FEATURE_MISSING, others INTERNAL_FAULT. The errno's name is in the
// metadata ("errno"), before that of `metadata`; `what` in the text. What is
// exhausted has a RetryInfo.
absl::Status FromErrno(int error_number, absl::string_view what,
                       const Metadata& metadata = {});

// Gathers what is wrong with a request, so that all of it is told at once.
class FieldViolations {
 public:
  // `field` is a path such as "server.limits.max_fds"; `text` says what to do.
  // The reason of all of them becomes that of the status, FIELD_INVALID when
  // they differ.
  void Add(absl::string_view field, absl::string_view text,
           Reason reason = Reason::FIELD_INVALID);
  bool empty() const { return violations_.empty(); }
  // OK when there is none; otherwise INVALID_ARGUMENT with a BadRequest that
  // names them all, in order, 1000 at most.
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
