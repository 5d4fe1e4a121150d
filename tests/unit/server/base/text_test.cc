#include "server/base/text.h"

#include <gtest/gtest.h>

namespace gofer::base {
namespace {

std::string Cut(absl::string_view text, size_t max_bytes) {
  return std::string(CutText(text, max_bytes));
}

TEST(TextTest, IsCutBetweenCharacters) {
  EXPECT_EQ(Cut("abc", 3), "abc");
  EXPECT_EQ(Cut("abc", 2), "ab");
  EXPECT_EQ(Cut("a\xC3\xA9", 2), "a");
  EXPECT_EQ(Cut("a\xC3\xA9z", 3), "a\xC3\xA9");
  EXPECT_EQ(Cut("\xF0\x9F\x98\x80", 3), "");
  EXPECT_EQ(Cut("\x80\x80\x80", 2), "");
}

TEST(TextTest, PlainIsCutBetweenCharactersToo) {
  EXPECT_EQ(PlainText("ab\xC3\xA9", 3), "ab");
  EXPECT_EQ(PlainText("ab\xC3\xA9", 4), "ab\xC3\xA9");
}

TEST(TextTest, PlainReplacesBytesThatMoveATerminal) {
  EXPECT_EQ(PlainText("a\nb\x1B[2Jc\x7F", 64), "a?b?[2Jc?");
  // The same introducer as one character, beyond ASCII.
  EXPECT_EQ(PlainText("\xC2\x9B"
                      "2J",
                      64),
            "??2J");
}

TEST(TextTest, PlainReplacesBytesThatAreNoUtf8) {
  EXPECT_EQ(PlainText("\xC3", 64), "?");
  EXPECT_EQ(PlainText("\xFF\xFE", 64), "??");
  EXPECT_EQ(PlainText("\xC3(", 64), "?(");
  // Written longer than it has to be; half of a pair; beyond the last.
  EXPECT_EQ(PlainText("\xC1\x81", 64), "??");
  EXPECT_EQ(PlainText("\xE0\x81\x81", 64), "???");
  EXPECT_EQ(PlainText("\xED\xA0\x80", 64), "???");
  EXPECT_EQ(PlainText("\xF4\x90\x80\x80", 64), "????");
  EXPECT_EQ(PlainText("\xE2\x82\xAC \xF0\x9F\x98\x80", 64),
            "\xE2\x82\xAC \xF0\x9F\x98\x80");
}

}  // namespace
}  // namespace gofer::base
