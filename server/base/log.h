// Logging for the data plane: spdlog behind two names. Anything that a client
// can provoke is logged through a RateLimit, so that a sandbox cannot fill the
// host's disk.

#ifndef GOFER_SERVER_BASE_LOG_H_
#define GOFER_SERVER_BASE_LOG_H_

#include <spdlog/logger.h>

#include <atomic>
#include <cstdint>

#include "absl/strings/string_view.h"

namespace gofer::base {

// Returns the process's logger. It writes to stderr, at level info until
// SetLogLevel changes that. Thread-safe; it lives until the process ends.
spdlog::logger& Log();

// Accepts "trace", "debug", "info", "warning", "error", "off"; returns false
// and changes nothing for other words.
bool SetLogLevel(absl::string_view level);

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
