#include "controlplane/auth/audit.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controlplane/auth/role_table.h"
#include "server/base/log_format.h"

namespace goferd::auth {
namespace {

constexpr size_t kMaxStringBytes = 1024;

// O_NONBLOCK: a FIFO that nobody reads must not hold us up.
gofer::base::UniqueFd OpenFile(const std::string& path) {
  return gofer::base::UniqueFd(::open(
      path.c_str(),
      O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600));
}

std::string Cut(absl::string_view text) {
  return std::string(text.substr(0, kMaxStringBytes));
}

}  // namespace

std::string ToJson(const AuditRecord& record) {
  nlohmann::ordered_json json;
  json["time"] = absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", record.time,
                                  absl::UTCTimeZone());
  json["caller"] = Cut(record.caller.name);
  json["role"] = std::string(RoleName(record.caller.role));
  json["method"] = Cut(record.method);
  json["resource"] = Cut(record.resource);
  if (!record.request_id.empty()) json["request_id"] = Cut(record.request_id);
  if (record.validate_only) json["validate_only"] = true;
  json["code"] = Cut(record.code);
  if (!record.reason.empty()) json["reason"] = Cut(record.reason);
  if (record.left_out > 0) json["left_out"] = record.left_out;
  return json.dump(-1, ' ', false,
                   nlohmann::ordered_json::error_handler_t::replace);
}

absl::StatusOr<std::unique_ptr<AuditLog>> AuditLog::Open(
    const std::string& path) {
  std::unique_ptr<AuditLog> log(new AuditLog(path));
  if (path.empty()) return log;
  gofer::base::UniqueFd file = OpenFile(path);
  if (!file) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, ": cannot be opened for audit records: ", std::strerror(errno)));
  }
  gofer::base::MutexLock lock(log->mu_);
  log->file_ = std::move(file);
  return log;
}

void AuditLog::Write(const AuditRecord& record) {
  const std::string line = ToJson(record);
  if (path_.empty()) {
    // The log's level does not count: the audit must be complete.
    gofer::base::LogAlways("audit", gofer::base::LogLevel::kInfo,
                           absl::StrCat("audit ", line));
    return;
  }
  gofer::base::MutexLock lock(mu_);
  WriteLine(line);
}

void AuditLog::WriteLine(absl::string_view line) {
  const std::string bytes = absl::StrCat(is_cut_ ? "\n" : "", line, "\n");
  const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
  if (written < 0) return Warn(errno);
  is_cut_ = static_cast<size_t>(written) < bytes.size();
  if (is_cut_) Warn(ENOSPC);
}

void AuditLog::Warn(int error) {
  uint64_t suppressed = 0;
  if (!warnings_.Allow(&suppressed)) return;
  gofer::base::Log().warn("audit record lost, {}: {} ({} more before)", path_,
                          std::strerror(error), suppressed);
}

void AuditLog::Reopen() {
  if (path_.empty()) return;
  gofer::base::UniqueFd file = OpenFile(path_);
  if (!file) {
    gofer::base::Log().error("{}: cannot be opened again: {}", path_,
                             std::strerror(errno));
    return;
  }
  gofer::base::MutexLock lock(mu_);
  file_ = std::move(file);
  is_cut_ = false;
}

}  // namespace goferd::auth
