#include "server/base/log_format.h"

#include <spdlog/details/log_msg.h>
#include <spdlog/details/os.h>
#include <spdlog/sinks/sink.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "server/base/json_string.h"
#include "server/base/log_backend.h"

namespace gofer::base {
namespace {

// The form and the name under which the process says why it ends.
struct LogIdentity {
  LogFormat format = LogFormat::kText;
  std::string process = "gofer";
};

LogIdentity& OwnIdentity() {
  // Leaked on purpose, like the log.
  static LogIdentity* const identity = new LogIdentity;
  return *identity;
}

absl::string_view View(spdlog::string_view_t text) {
  return {text.data(), text.size()};
}

spdlog::string_view_t View(absl::string_view text) {
  return {text.data(), text.size()};
}

bool IsControl(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

std::string EscapeControls(absl::string_view text) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string escaped;
  for (const char c : text) {
    if (!IsControl(c)) {
      escaped.push_back(c);
    } else if (c == '\n') {
      escaped.append("\\n");
    } else {
      const auto byte = static_cast<unsigned char>(c);
      escaped.append("\\x");
      escaped.push_back(kDigits[byte >> 4]);
      escaped.push_back(kDigits[byte & 0xF]);
    }
  }
  return escaped;
}

void AppendPadded(int64_t value, size_t width, std::string* to) {
  const std::string digits = std::to_string(value);
  to->append(width - std::min(width, digits.size()), '0');
  to->append(digits);
}

// RFC 3339, in UTC. gmtime(3) is not used: it reads the zone's file, which may
// be the sandbox's by then.
void AppendTime(std::chrono::system_clock::time_point time, std::string* to) {
  using std::chrono::floor;
  const auto micros = floor<std::chrono::microseconds>(time);
  const auto day = floor<std::chrono::days>(micros);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss of_day(micros - day);
  AppendPadded(static_cast<int>(date.year()), 4, to);
  to->push_back('-');
  AppendPadded(static_cast<unsigned>(date.month()), 2, to);
  to->push_back('-');
  AppendPadded(static_cast<unsigned>(date.day()), 2, to);
  to->push_back('T');
  AppendPadded(of_day.hours().count(), 2, to);
  to->push_back(':');
  AppendPadded(of_day.minutes().count(), 2, to);
  to->push_back(':');
  AppendPadded(of_day.seconds().count(), 2, to);
  to->push_back('.');
  AppendPadded(of_day.subseconds().count(), 6, to);
  to->push_back('Z');
}

}  // namespace

LineFormatter::LineFormatter(LogFormat format, absl::string_view process)
    : format_(format),
      process_(process),
      text_("%Y-%m-%dT%H:%M:%S.%e%z %l %n[%P] %v") {}

void LineFormatter::format(const spdlog::details::log_msg& message,
                           spdlog::memory_buf_t& line) {
  if (format_ == LogFormat::kText) return FormatText(message, line);
  FormatJson(message, line);
}

std::unique_ptr<spdlog::formatter> LineFormatter::clone() const {
  return std::make_unique<LineFormatter>(format_, process_);
}

void LineFormatter::FormatText(const spdlog::details::log_msg& message,
                               spdlog::memory_buf_t& line) {
  spdlog::details::log_msg shown = message;
  if (shown.logger_name.size() == 0) shown.logger_name = process_;
  std::string escaped;
  const absl::string_view payload = View(message.payload);
  if (std::any_of(payload.begin(), payload.end(), IsControl)) {
    escaped = EscapeControls(payload);
    shown.payload = escaped;
  }
  text_.format(shown, line);
}

void LineFormatter::FormatJson(const spdlog::details::log_msg& message,
                               spdlog::memory_buf_t& line) const {
  std::string json = "{\"time\":\"";
  AppendTime(message.time, &json);
  json.append("\",\"level\":\"");
  const auto level = spdlog::level::to_string_view(message.level);
  json.append(level.data(), level.size());
  json.append("\",\"component\":");
  AppendJsonString(
      message.logger_name.size() == 0 ? process_ : View(message.logger_name),
      &json);
  absl::StrAppend(&json, ",\"pid\":", spdlog::details::os::pid(),
                  ",\"thread\":", message.thread_id, ",\"message\":");
  AppendJsonString(View(message.payload), &json);
  json.append("}\n");
  line.append(json.data(), json.data() + json.size());
}

void SetLogFormat(LogFormat format, absl::string_view process) {
  OwnIdentity() = {format, std::string(process)};
  LogBackend().set_formatter(std::make_unique<LineFormatter>(format, process));
}

void LogOf(absl::string_view component, LogLevel level,
           absl::string_view text) {
  if (LogBackend().should_log(ToSpdlog(level))) {
    LogAlways(component, level, text);
  }
}

void LogAlways(absl::string_view component, LogLevel level,
               absl::string_view text) {
  const spdlog::details::log_msg message(View(component), ToSpdlog(level),
                                         View(text));
  for (const spdlog::sink_ptr& sink : LogBackend().sinks()) sink->log(message);
}

void SayLastWords(absl::string_view text) {
  const LogIdentity& identity = OwnIdentity();
  const std::string words(text);
  if (identity.format == LogFormat::kText) {
    std::fprintf(stderr, "%s: %s\n", identity.process.c_str(), words.c_str());
    return;
  }
  const spdlog::details::log_msg message({}, spdlog::level::err, View(text));
  for (const spdlog::sink_ptr& sink : LogBackend().sinks()) sink->log(message);
}

}  // namespace gofer::base
