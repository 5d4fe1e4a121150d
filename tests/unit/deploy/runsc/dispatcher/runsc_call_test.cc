#include "deploy/runsc/dispatcher/runsc_call.h"

#include <gtest/gtest.h>

#include <optional>
#include <vector>

namespace gofer::dispatcher {
namespace {

RunscCall Read(std::vector<const char*> argv) {
  argv.push_back(nullptr);
  return ReadRunscCall(argv.data());
}

TEST(RunscCallTest, ReadsFlagsOfOneWordAsDockerAndContainerdWriteThem) {
  const auto call =
      Read({"runsc", "--root=/r", "--log-format=json", "--systemd-cgroup=true",
            "create", "--bundle=/b", "--pid-file=/p", "id"});
  EXPECT_EQ(call.root, "/r");
  EXPECT_EQ(call.root_folder, "/r");
  EXPECT_EQ(call.command, "create");
  EXPECT_EQ(call.bundle, "/b");
  EXPECT_EQ(call.container, "id");
}

TEST(RunscCallTest, ReadsFlagsOfTwoWords) {
  const auto call =
      Read({"runsc", "--root", "create", "-log", "/l", "--systemd-cgroup",
            "create", "-bundle", "run", "--pid-file", "/p", "id"});
  EXPECT_EQ(call.root, "create");
  EXPECT_EQ(call.command, "create");
  EXPECT_EQ(call.bundle, "run");
  EXPECT_EQ(call.container, "id");
}

TEST(RunscCallTest, FlagsWithoutValueStandBeforeTheCommand) {
  EXPECT_EQ(Read({"runsc", "--debug", "--rootless", "start", "id"}).command,
            "start");
  EXPECT_EQ(Read({"runsc", "--unknown", "value", "run", "id"}).command, "run");
}

TEST(RunscCallTest, WordsOfAnotherCommandAreNone) {
  const auto call = Read({"runsc", "exec", "id", "run", "--root=/x"});
  EXPECT_EQ(call.command, "exec");
  EXPECT_EQ(call.root, std::nullopt);
}

TEST(RunscCallTest, HasDefaults) {
  for (const auto& call : {Read({"runsc"}), Read({}), Read({"r", "--root"})}) {
    EXPECT_EQ(call.root, std::nullopt);
    EXPECT_EQ(call.root_folder, "/var/run/runsc");
    EXPECT_EQ(call.command, "");
    EXPECT_EQ(call.bundle, ".");
  }
}

}  // namespace
}  // namespace gofer::dispatcher
