// AuditLog: a record of every mutation and of every use of a ticket, with the
// caller and the result.

#ifndef GOFERD_CONTROLPLANE_AUTH_AUDIT_H_
#define GOFERD_CONTROLPLANE_AUTH_AUDIT_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "controlplane/auth/caller.h"
#include "server/base/log.h"
#include "server/base/mutex.h"
#include "server/base/unique_fd.h"

namespace goferd::auth {

// One record. It has no field for secrets, since readers of the log could use
// them: tickets are in responses only.
struct AuditRecord {
  absl::Time time;
  Caller caller;
  // MethodPolicy.method; "attach/TAKE" for the use of a ticket.
  std::string method;
  // The resource's name, as the request has it.
  std::string resource;
  std::string request_id;
  // The request was only checked, not carried out.
  bool validate_only = false;
  // The gRPC code: "OK", "NOT_FOUND"...
  std::string code;
  // The name of the errors::Reason; empty when the call succeeded.
  std::string reason;
  // How many records of this kind the rate limit left out before this record.
  uint64_t left_out = 0;
};

// Makes one JSON object, without the end of the line. Strings are cut to 1024
// bytes, and bytes that are not UTF-8 are replaced.
std::string ToJson(const AuditRecord& record);

// Writes records to a file, or to the log. Thread-safe. A record that cannot be
// written (no space) is lost with a warning; no caller waits for it.
class AuditLog {
 public:
  // Appends to the file `path`, which is made with 0600 if it is missing. With
  // an empty path records go to the log, as INFO and whatever the log's level.
  // Errors: FAILED_PRECONDITION when the file cannot be opened.
  static absl::StatusOr<std::unique_ptr<AuditLog>> Open(
      const std::string& path);

  void Write(const AuditRecord& record);
  // Opens the path again, for log rotation. When that fails, the old file stays
  // in use, and the failure is logged.
  void Reopen();

 private:
  explicit AuditLog(std::string path) : path_(std::move(path)) {}
  void WriteLine(absl::string_view line) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Warn(int error);

  const std::string path_;
  gofer::base::RateLimit warnings_{60'000'000'000};
  gofer::base::Mutex mu_;
  gofer::base::UniqueFd file_ ABSL_GUARDED_BY(mu_);
  // The last record was cut off: the next record begins a line of its own.
  bool is_cut_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace goferd::auth

#endif  // GOFERD_CONTROLPLANE_AUTH_AUDIT_H_
