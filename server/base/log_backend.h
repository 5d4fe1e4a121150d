// The log's inside: spdlog's logger, and how a line of it looks. Only the log
// itself and its tests include this, and they link gofer_spdlog: every file
// that includes spdlog takes seconds longer to compile.

#ifndef GOFER_SERVER_BASE_LOG_BACKEND_H_
#define GOFER_SERVER_BASE_LOG_BACKEND_H_

#include <spdlog/common.h>
#include <spdlog/formatter.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "server/base/log.h"
#include "server/base/log_format.h"

namespace gofer::base {

// What Log() writes to. Thread-safe, lives until the process ends.
spdlog::logger& LogBackend();

spdlog::level::level_enum ToSpdlog(LogLevel level);

// One record is one line, whatever is in its message: what would end the line
// or is no text is escaped, so that a name that a client chose is not taken for
// another record. `process` is the component of records that name none. Used by
// one thread at a time, which spdlog's sinks see to.
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

}  // namespace gofer::base

#endif  // GOFER_SERVER_BASE_LOG_BACKEND_H_
