#include "server/base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <string>

#include "server/base/clock.h"
#include "server/base/log_format.h"

namespace gofer::base {

spdlog::logger& Log() {
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

bool SetLogLevel(absl::string_view level) {
  const auto parsed = spdlog::level::from_str(std::string(level));
  // from_str answers "off" for words that it does not know.
  if (parsed == spdlog::level::off && level != "off") return false;
  Log().set_level(parsed);
  return true;
}

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
