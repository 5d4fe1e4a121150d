#include "deploy/runsc/dispatcher/helper_call.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace gofer::dispatcher {
namespace {

using testing::ElementsAre;

std::vector<std::string> Words(HelperCall& call) {
  std::vector<std::string> words;
  for (const char* word : call.Argv()) {
    words.emplace_back(word == nullptr ? "(end)" : word);
  }
  return words;
}

TEST(HelperCallTest, FindsNameCommandAndLastWord) {
  const HelperCall call({"runsc-sandbox", "--a=boot", "-b", "boot", "x", "id"});
  EXPECT_EQ(call.name(), "runsc-sandbox");
  EXPECT_EQ(call.command(), "boot");
  EXPECT_EQ(call.last_word(), "id");
}

TEST(HelperCallTest, CallWithoutCommandHasNone) {
  const HelperCall call({"runsc-gofer", "--a=b"});
  EXPECT_EQ(call.command(), "");
  EXPECT_EQ(call.GlobalFlag("a"), "b");
  const HelperCall empty(std::vector<std::string>{});
  EXPECT_EQ(empty.name(), "");
  EXPECT_EQ(empty.command(), "");
  EXPECT_EQ(empty.last_word(), "");
}

TEST(HelperCallTest, LastGlobalFlagCounts) {
  const HelperCall call({"n", "--a=1", "--ab=3", "--a=2", "boot", "--a=4"});
  EXPECT_EQ(call.GlobalFlag("a"), "2");
  EXPECT_EQ(call.GlobalFlag("b"), std::nullopt);
}

TEST(HelperCallTest, CommandFlagIsOneWordOrTwo) {
  const HelperCall call(
      {"n", "--spec-fd=1", "gofer", "--bundle", "/b", "--spec-fd=4", "--x"});
  EXPECT_EQ(call.CommandFlag("bundle"), "/b");
  EXPECT_EQ(call.CommandFlag("spec-fd"), "4");
  EXPECT_EQ(call.CommandFlag("x"), std::nullopt);
}

TEST(HelperCallTest, SetReplacesGlobalFlagsAndLeavesTheCommands) {
  HelperCall call({"n", "--directfs=true", "--directfs", "--b=1", "boot",
                   "--directfs=2", "id"});
  call.SetGlobalFlag("directfs", "false");
  EXPECT_THAT(Words(call), ElementsAre("n", "--b=1", "--directfs=false", "boot",
                                       "--directfs=2", "id", "(end)"));
  EXPECT_EQ(call.command(), "boot");
}

TEST(HelperCallTest, SetReachesACallWithoutCommand) {
  HelperCall call({"n", "--b=1"});
  call.SetGlobalFlag("a", "2");
  EXPECT_THAT(Words(call), ElementsAre("n", "--b=1", "--a=2", "(end)"));
}

TEST(HelperCallTest, AddFirstComesBehindTheName) {
  HelperCall call({"n", "--b=1", "gofer"});
  call.AddFirst("--a=2");
  EXPECT_THAT(Words(call),
              ElementsAre("n", "--a=2", "--b=1", "gofer", "(end)"));
  EXPECT_EQ(call.command(), "gofer");
}

}  // namespace
}  // namespace gofer::dispatcher
