// LogFormat: what the log looks like, and records that do not come from Log().

#ifndef GOFER_SERVER_BASE_LOG_FORMAT_H_
#define GOFER_SERVER_BASE_LOG_FORMAT_H_

#include "absl/strings/string_view.h"
#include "server/base/log.h"

namespace gofer::base {

enum class LogFormat {
  // For people: "2026-01-31T12:00:00.123+00:00 warning gofer[17] message".
  kText,
  // For programs: {"time":"2026-01-31T12:00:00.123456Z","level":"warning",
  // "component":"gofer","pid":17,"thread":18,"message":"..."}, on one line.
  kJson,
};

// Makes the log use `format` and name `process` as its component. Call it
// before there are threads.
void SetLogFormat(LogFormat format, absl::string_view process);

// Logs a record of a library under the library's own name. Thread-safe.
void LogOf(absl::string_view component, LogLevel level, absl::string_view text);

// Does the same whatever the log's level is. Thread-safe.
void LogAlways(absl::string_view component, LogLevel level,
               absl::string_view text);

// Writes to stderr why the process ends, whatever the level of the log: as
// "PROCESS: text" or, when the format is JSON, as a record.
void SayLastWords(absl::string_view text);

}  // namespace gofer::base

#endif  // GOFER_SERVER_BASE_LOG_FORMAT_H_
