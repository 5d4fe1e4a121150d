#include "deploy/runsc/dispatcher/program_choice.h"

#include <gtest/gtest.h>

#include <vector>

namespace gofer::dispatcher {
namespace {

Program Choose(std::vector<const char*> argv) {
  argv.push_back(nullptr);
  return ChooseProgram(argv.data());
}

TEST(ProgramChoiceTest, GoferIsOurs) {
  EXPECT_EQ(Choose({"runsc-gofer", "gofer"}), Program::kGofer);
  EXPECT_EQ(Choose({"runsc-gofer", "--root=/boot", "gofer", "--bundle", "b"}),
            Program::kGofer);
}

TEST(ProgramChoiceTest, SandboxIsARunscToBeTold) {
  EXPECT_EQ(Choose({"runsc-sandbox", "--x=gofer", "boot", "id"}),
            Program::kSandbox);
}

TEST(ProgramChoiceTest, OtherHelpersAreTheUntouchedRunsc) {
  EXPECT_EQ(Choose({"runsc-exec", "exec", "gofer"}), Program::kRunsc);
  EXPECT_EQ(Choose({"runsc-gofer"}), Program::kRunsc);
  EXPECT_EQ(Choose({"runsc-gofer", "boot"}), Program::kRunsc);
  EXPECT_EQ(Choose({"runsc-sandbox", "gofer"}), Program::kRunsc);
}

TEST(ProgramChoiceTest, RepeatedCommandLineIsThePatchedRunsc) {
  EXPECT_EQ(Choose({"/opt/goferd/rg", "--root", "gofer", "boot"}),
            Program::kPatchedRunsc);
  EXPECT_EQ(Choose({}), Program::kPatchedRunsc);
}

}  // namespace
}  // namespace gofer::dispatcher
