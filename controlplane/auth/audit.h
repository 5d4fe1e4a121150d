// AuditLog: a record of every mutation and of every use of a ticket: who asked
// for it, and what became of it.

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

// Has no field for what is secret: tickets are in responses only.
struct AuditRecord {
  absl::Time time;
  Caller caller;
  // As MethodPolicy.method; "attach/TAKE" for a ticket.
  std::string method;
  // The resource's name, as the request has it.
  std::string resource;
  std::string request_id;
  // Only checked, not carried out.
  bool validate_only = false;
  // "OK", "NOT_FOUND"...
  std::string code;
  // That of errors::Reason; empty when it succeeded.
  std::string reason;
  // Records of this kind before it that were not written: they are limited.
  uint64_t left_out = 0;
};

// One JSON object, without the end of the line. Strings are cut to 1024 bytes,
// and what is not UTF-8 in them is replaced.
std::string ToJson(const AuditRecord& record);

// Writes records to a file, or to the log. Thread-safe. A record that cannot be
// written (no space) is lost with a warning; nobody waits for it.
class AuditLog {
 public:
  // Appends to `path`, made with 0600; empty: to the log, as INFO and whatever
  // its level. Errors: FAILED_PRECONDITION when it cannot be opened.
  static absl::StatusOr<std::unique_ptr<AuditLog>> Open(
      const std::string& path);

  void Write(const AuditRecord& record);
  // For log rotation: opens the path again. When that fails, the file before
  // stays in use, and that is logged.
  void Reopen();

 private:
  explicit AuditLog(std::string path) : path_(std::move(path)) {}
  void WriteLine(absl::string_view line) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Warn(int error);

  const std::string path_;
  gofer::base::RateLimit warnings_{60'000'000'000};
  gofer::base::Mutex mu_;
  gofer::base::UniqueFd file_ ABSL_GUARDED_BY(mu_);
  // The last record was cut off: the next begins a line of its own.
  bool is_cut_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace goferd::auth

#endif  // GOFERD_CONTROLPLANE_AUTH_AUDIT_H_
