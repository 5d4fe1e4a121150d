// Logging for the data plane, and for the control plane too. Anything that a
// client can provoke is logged through a RateLimit, so that a sandbox cannot
// fill the host's disk.
//
// spdlog writes the records, and log.cc alone knows it: reading and compiling
// its headers takes seconds in every file that includes them.

#ifndef GOFER_SERVER_BASE_LOG_H_
#define GOFER_SERVER_BASE_LOG_H_

#include <fmt/core.h>

#include <atomic>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace gofer::base {

enum class LogLevel { kTrace, kDebug, kInfo, kWarning, kError, kOff };

// Formats like fmt; the compiler checks the format. Thread-safe.
class Logger {
 public:
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  LogLevel level() const;

  template <typename... Args>
  void log(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
    Write(level, format, fmt::make_format_args(args...));
  }
  template <typename... Args>
  void debug(fmt::format_string<Args...> format, Args&&... args) {
    Write(LogLevel::kDebug, format, fmt::make_format_args(args...));
  }
  template <typename... Args>
  void info(fmt::format_string<Args...> format, Args&&... args) {
    Write(LogLevel::kInfo, format, fmt::make_format_args(args...));
  }
  template <typename... Args>
  void warn(fmt::format_string<Args...> format, Args&&... args) {
    Write(LogLevel::kWarning, format, fmt::make_format_args(args...));
  }
  template <typename... Args>
  void error(fmt::format_string<Args...> format, Args&&... args) {
    Write(LogLevel::kError, format, fmt::make_format_args(args...));
  }

 private:
  friend Logger& Log();
  Logger() = default;
  static void Write(LogLevel level, fmt::string_view format,
                    fmt::format_args args);
};

// Returns the process's logger. It writes to stderr, at level info until
// SetLogLevel changes that. Thread-safe; it lives until the process ends.
Logger& Log();

// Accepts "trace", "debug", "info", "warning", "error", "off"; returns false
// and changes nothing for other words.
bool SetLogLevel(absl::string_view level);
void SetLogLevel(LogLevel level);

// Lets one event through per interval and counts the rest. Thread-safe.
class RateLimit {
 public:
  explicit constexpr RateLimit(uint64_t interval_ns = 1'000'000'000)
      : interval_ns_(interval_ns) {}

  // Returns whether the event may be logged. If so, `*suppressed` is the number
  // of events that were suppressed since the last logged one.
  bool Allow(uint64_t* suppressed);

 private:
  const uint64_t interval_ns_;
  std::atomic<uint64_t> next_ns_ = 0;
  std::atomic<uint64_t> suppressed_ = 0;
};

}  // namespace gofer::base

#endif  // GOFER_SERVER_BASE_LOG_H_
