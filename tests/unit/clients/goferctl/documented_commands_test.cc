// The command lines of the READMEs, with the parser that users have.

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "tests/unit/clients/goferctl/fake_goferd.h"

namespace goferctl::test {
namespace {

constexpr int kUsage = 64;

// As a shell does, as far as our READMEs go: blanks and both kinds of quotes.
std::vector<std::string> Words(absl::string_view line) {
  std::vector<std::string> words;
  bool in_word = false;
  char quote = '\0';
  for (const char c : line) {
    if (quote == '\0' && c == ' ') {
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    if (quote != '\0' ? c == quote : c == '\'' || c == '"') {
      quote = quote == '\0' ? c : '\0';
    } else {
      words.back() += c;
    }
  }
  return words;
}

// Without "goferctl" itself.
std::vector<std::vector<std::string>> CommandsIn(const std::string& path) {
  std::vector<std::vector<std::string>> commands;
  std::ifstream file(std::string(GOFERD_SOURCE_DIR) + "/" + path);
  EXPECT_TRUE(file) << path;
  for (std::string line; std::getline(file, line);) {
    std::string more;
    while (absl::EndsWith(line, "\\") && std::getline(file, more)) {
      line.back() = ' ';
      line += more;
    }
    for (absl::string_view part : absl::StrSplit(line, "&&")) {
      part = absl::StripAsciiWhitespace(part);
      if (!absl::ConsumePrefix(&part, "goferctl ")) continue;
      commands.push_back(Words(part));
    }
  }
  return commands;
}

TEST(DocumentedCommandsTest, ParseWithoutUsageErrors) {
  for (const char* path : {"README.md", "clients/goferctl/README.md"}) {
    const auto commands = CommandsIn(path);
    EXPECT_GE(commands.size(), 8u) << path;
    for (const auto& words : commands) {
      FakeGoferd goferd;
      const Ran ran = RunGoferctl(words, goferd.endpoint());
      EXPECT_NE(ran.code, kUsage) << path << ": " << ran.err;
    }
  }
}

TEST(DocumentedCommandsTest, FailOnAWrongFlag) {
  EXPECT_EQ(
      RunGoferctl(Words("faults add docs/slow --mids='OpenAt' --ttl=5m")).code,
      kUsage);
}

}  // namespace
}  // namespace goferctl::test
