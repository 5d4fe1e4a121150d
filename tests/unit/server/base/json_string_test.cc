#include "server/base/json_string.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace gofer::base {
namespace {

std::string Quoted(absl::string_view bytes) {
  std::string to;
  AppendJsonString(bytes, &to);
  return to;
}

TEST(JsonStringTest, TextStaysAsItIs) {
  EXPECT_EQ(Quoted(""), R"("")");
  EXPECT_EQ(Quoted("plain /text"), R"("plain /text")");
  EXPECT_EQ(Quoted("na\u00efve \u65e5\u672c \U0001F600"),
            "\"na\u00efve \u65e5\u672c \U0001F600\"");
}

TEST(JsonStringTest, QuotesAndEndsOfLinesAreEscaped) {
  EXPECT_EQ(Quoted("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(Quoted("a\nb\rc\t"), "\"a\\nb\\u000dc\\u0009\"");
  EXPECT_EQ(Quoted(absl::string_view("\0\x1b[2J\x7f", 6)),
            "\"\\u0000\\u001b[2J\\u007f\"");
  // NEL, LINE SEPARATOR and PARAGRAPH SEPARATOR end lines for some readers.
  EXPECT_EQ(Quoted("\xC2\x85\xE2\x80\xA8\xE2\x80\xA9"),
            "\"\\u0085\\u2028\\u2029\"");
}

TEST(JsonStringTest, WhatIsNotUtf8IsReplaced) {
  const std::string bad = "\xEF\xBF\xBD";
  const std::string quote = "\"";
  EXPECT_EQ(Quoted("a\xFFz"), quote + "a" + bad + "z" + quote);
  // Overlong, a surrogate, beyond the last code, a lonely continuation.
  EXPECT_EQ(Quoted("\xC0\x8A"), quote + bad + bad + quote);
  EXPECT_EQ(Quoted("\xED\xA0\x80"), quote + bad + bad + bad + quote);
  EXPECT_EQ(Quoted("\xF4\x90\x80\x80"), quote + bad + bad + bad + bad + quote);
  EXPECT_EQ(Quoted("\x80"), quote + bad + quote);
}

TEST(JsonStringTest, CharacterThatIsCutOffDoesNotSwallowTheQuote) {
  EXPECT_EQ(Quoted("\xE2\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_EQ(Quoted("\xE2\"x"), "\"\xEF\xBF\xBD\\\"x\"");
}

TEST(JsonStringTest, EveryPairOfBytesIsReadBack) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const char bytes[] = {static_cast<char>(first),
                            static_cast<char>(second)};
      const std::string quoted = Quoted({bytes, 2});
      const auto read = nlohmann::json::parse(quoted, nullptr, false);
      ASSERT_TRUE(read.is_string()) << first << " " << second;
      for (const char c : quoted) {
        ASSERT_GE(static_cast<unsigned char>(c), 0x20)
            << first << " " << second;
      }
      if (first < 0x80 && second < 0x80) {
        EXPECT_EQ(read.get<std::string>(), std::string(bytes, 2));
      }
    }
  }
}

}  // namespace
}  // namespace gofer::base
