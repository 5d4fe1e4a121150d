#include "server/base/log.h"

#include <spdlog/sinks/stdout_sinks.h>

#include <memory>
#include <string>

#include "server/base/clock.h"
#include "server/base/log_backend.h"
#include "server/base/log_format.h"

namespace gofer::base {

spdlog::logger& LogBackend() {
  // Leaked on purpose: threads may log until the very end of the process.
  static spdlog::logger* const logger = [] {
    auto* made = new spdlog::logger(
        "", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_formatter(
        std::make_unique<LineFormatter>(LogFormat::kText, "gofer"));
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *logger;
}

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kTrace:
      return spdlog::level::trace;
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kOff:
      return spdlog::level::off;
  }
  return spdlog::level::err;
}

Logger& Log() {
  static Logger logger;
  // Makes it now: it looks at the terminal, which a confined process cannot.
  LogBackend();
  return logger;
}

LogLevel Logger::level() const {
  switch (LogBackend().level()) {
    case spdlog::level::trace:
      return LogLevel::kTrace;
    case spdlog::level::debug:
      return LogLevel::kDebug;
    case spdlog::level::info:
      return LogLevel::kInfo;
    case spdlog::level::warn:
      return LogLevel::kWarning;
    case spdlog::level::off:
      return LogLevel::kOff;
    default:
      return LogLevel::kError;
  }
}

void Logger::Write(LogLevel level, fmt::string_view format,
                   fmt::format_args args) {
  const spdlog::level::level_enum backend_level = ToSpdlog(level);
  if (!LogBackend().should_log(backend_level)) return;
  spdlog::memory_buf_t text;
  fmt::vformat_to(fmt::appender(text), format, args);
  LogBackend().log(backend_level,
                   spdlog::string_view_t(text.data(), text.size()));
}

bool SetLogLevel(absl::string_view level) {
  const auto parsed = spdlog::level::from_str(std::string(level));
  // from_str answers "off" for words that it does not know.
  if (parsed == spdlog::level::off && level != "off") return false;
  LogBackend().set_level(parsed);
  return true;
}

void SetLogLevel(LogLevel level) { LogBackend().set_level(ToSpdlog(level)); }

bool RateLimit::Allow(uint64_t* suppressed) {
  const uint64_t now = MonotonicNanos();
  uint64_t next = next_ns_.load(std::memory_order_relaxed);
  if (now < next || !next_ns_.compare_exchange_strong(
                        next, now + interval_ns_, std::memory_order_relaxed)) {
    suppressed_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  *suppressed = suppressed_.exchange(0, std::memory_order_relaxed);
  return true;
}

}  // namespace gofer::base
