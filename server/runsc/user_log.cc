#include "server/runsc/user_log.h"

#include <unistd.h>

#include <cstdint>
#include <ctime>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "server/base/syscall.h"

namespace gofer::runsc {
namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;

// Writes RFC 3339 in UTC. strftime(3) would read the zone's file, which is
// hostile by then.
std::string FormatTime(int64_t now_ns) {
  const time_t seconds = now_ns / kNanosPerSecond;
  tm utc = {};
  ::gmtime_r(&seconds, &utc);
  return absl::StrFormat("%04d-%02d-%02dT%02d:%02d:%02d.%09dZ",
                         utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                         utc.tm_hour, utc.tm_min, utc.tm_sec,
                         now_ns % kNanosPerSecond);
}

}  // namespace

std::string UserLogLine(absl::string_view message, int64_t now_ns) {
  const nlohmann::ordered_json line = {
      {"msg", absl::StrCat("gofer: ", message)},
      {"level", "error"},
      {"time", FormatTime(now_ns)}};
  return absl::StrCat(
      line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
      "\n");
}

void LogErrorToUser(int fd, absl::string_view message) {
  if (fd < 0) return;
  timespec now = {};
  ::clock_gettime(CLOCK_REALTIME, &now);
  const std::string line =
      UserLogLine(message, int64_t{now.tv_sec} * kNanosPerSecond + now.tv_nsec);
  (void)base::Syscall([&] { return ::write(fd, line.data(), line.size()); });
}

}  // namespace gofer::runsc
