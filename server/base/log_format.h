// LineFormatter: how a line of the log looks.

#ifndef GOFER_SERVER_BASE_LOG_FORMAT_H_
#define GOFER_SERVER_BASE_LOG_FORMAT_H_

#include <spdlog/common.h>
#include <spdlog/formatter.h>
#include <spdlog/pattern_formatter.h>

#include <memory>
#include <string>

#include "absl/strings/string_view.h"

namespace gofer::base {

enum class LogFormat {
  // For people: "2026-01-31T12:00:00.123+00:00 warning gofer[17] message".
  kText,
  // For programs: {"time":"2026-01-31T12:00:00.123456Z","level":"warning",
  // "component":"gofer","pid":17,"thread":18,"message":"..."}, on one line.
  kJson,
};

// A record is one line, whatever its message contains: bytes that would end the
// line or are no text are escaped. Otherwise a name that a client chose could
// pass for another record. `process` is the component of records that name
// none. Used by one thread at a time; spdlog's sinks ensure that.
class LineFormatter final : public spdlog::formatter {
 public:
  LineFormatter(LogFormat format, absl::string_view process);

  void format(const spdlog::details::log_msg& message,
              spdlog::memory_buf_t& line) override;
  std::unique_ptr<spdlog::formatter> clone() const override;

 private:
  void FormatText(const spdlog::details::log_msg& message,
                  spdlog::memory_buf_t& line);
  void FormatJson(const spdlog::details::log_msg& message,
                  spdlog::memory_buf_t& line) const;

  const LogFormat format_;
  const std::string process_;
  spdlog::pattern_formatter text_;
};

// Makes the log use `format` and name `process` as its component. Call it
// before there are threads.
void SetLogFormat(LogFormat format, absl::string_view process);

// Logs a record of a library under the library's own name. Thread-safe.
void LogOf(absl::string_view component, spdlog::level::level_enum level,
           absl::string_view text);

// Writes to stderr why the process ends, whatever the level of the log: as
// "PROCESS: text" or, when the format is JSON, as a record.
void SayLastWords(absl::string_view text);

}  // namespace gofer::base

#endif  // GOFER_SERVER_BASE_LOG_FORMAT_H_
