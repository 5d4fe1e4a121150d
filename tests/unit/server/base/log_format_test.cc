#include "server/base/log_format.h"

#include <gtest/gtest.h>
#include <spdlog/details/log_msg.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "server/base/log.h"
#include "server/base/log_backend.h"

namespace gofer::base {
namespace {

using nlohmann::json;

std::string LineOf(LogFormat format, const std::string& text,
                   const std::string& component = "") {
  spdlog::details::log_msg message(component, spdlog::level::warn, text);
  message.time = std::chrono::system_clock::time_point(
      std::chrono::microseconds(951'827'696'000'042));
  message.thread_id = 7;
  spdlog::memory_buf_t line;
  LineFormatter(format, "gofer").format(message, line);
  return {line.data(), line.size()};
}

size_t CountLines(const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(LineFormatterTest, WritesARecordAsOneJsonObject) {
  EXPECT_EQ(LineOf(LogFormat::kJson, "a \"b\""),
            R"({"time":"2000-02-29T12:34:56.000042Z","level":"warning",)"
            R"("component":"gofer","pid":)" +
                std::to_string(::getpid()) +
                R"(,"thread":7,"message":"a \"b\""})"
                "\n");
}

TEST(LineFormatterTest, RecordOfALibraryNamesItAsComponent) {
  EXPECT_EQ(json::parse(LineOf(LogFormat::kJson, "x", "grpc"))["component"],
            "grpc");
  EXPECT_NE(LineOf(LogFormat::kText, "x", "grpc").find(" grpc["),
            std::string::npos);
  EXPECT_NE(LineOf(LogFormat::kText, "x").find(" gofer["), std::string::npos);
}

TEST(LineFormatterTest, ForgedJsonRecordStaysAMessage) {
  const std::string name =
      "x\"}\n{\"time\":\"1970-01-01T00:00:00Z\",\"level\":\"error\","
      "\"message\":\"forged\"}\r\n\xFF\xE2\x80\xA8";
  const std::string line = LineOf(LogFormat::kJson, name);
  EXPECT_EQ(CountLines(line), 1u);
  EXPECT_EQ(line.find('\r'), std::string::npos);
  const json record = json::parse(line);
  EXPECT_EQ(record["level"], "warning");
  EXPECT_EQ(record.size(), 6u);
  EXPECT_EQ(record["message"].get<std::string>().substr(0, 20),
            name.substr(0, 20));
}

TEST(LineFormatterTest, ForgedTextLineStaysAMessage) {
  const std::string line =
      LineOf(LogFormat::kText, "x\n2026-01-01 error gofer[1] forged\x1b[2J\r");
  EXPECT_EQ(CountLines(line), 1u);
  EXPECT_EQ(line.find('\r'), std::string::npos);
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
  EXPECT_NE(line.find("x\\n2026-01-01 error gofer[1] forged\\x1b[2J\\x0d"),
            std::string::npos);
}

TEST(LineFormatterTest, WritesTimesBeforeTheEpochAndWithinADay) {
  spdlog::details::log_msg message("", spdlog::level::err, "x");
  message.time =
      std::chrono::system_clock::time_point(std::chrono::microseconds(-1));
  spdlog::memory_buf_t line;
  LineFormatter(LogFormat::kJson, "gofer").format(message, line);
  EXPECT_EQ(json::parse(std::string(line.data(), line.size()))["time"],
            "1969-12-31T23:59:59.999999Z");
}

// The process's log, whose format the tests put back.
class OwnLogTest : public ::testing::Test {
 protected:
  OwnLogTest() { SetLogFormat(LogFormat::kJson, "me"); }
  ~OwnLogTest() override { SetLogFormat(LogFormat::kText, "gofer"); }
};

TEST_F(OwnLogTest, EveryWayToLogWritesARecord) {
  ::testing::internal::CaptureStderr();
  Log().warn("one");
  LogOf("grpc", LogLevel::kWarning, "two");
  LogOf("grpc", LogLevel::kDebug, "below the level");
  SetLogLevel("off");
  SayLastWords("three\nlines\nmore");
  SetLogLevel("info");
  const std::string text = ::testing::internal::GetCapturedStderr();
  ASSERT_EQ(CountLines(text), 3u) << text;
  std::string messages;
  for (size_t at = 0; at < text.size();) {
    const size_t end = text.find('\n', at);
    const json record = json::parse(text.substr(at, end - at));
    messages += record["component"].get<std::string>() + ":" +
                record["message"].get<std::string>() + ";";
    at = end + 1;
  }
  EXPECT_EQ(messages, "me:one;grpc:two;me:three\nlines\nmore;");
}

}  // namespace
}  // namespace gofer::base
