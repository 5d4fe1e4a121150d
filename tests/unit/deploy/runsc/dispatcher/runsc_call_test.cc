#include "deploy/runsc/dispatcher/runsc_call.h"

#include <gtest/gtest.h>

#include <cstdlib>
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
  ::unsetenv("XDG_RUNTIME_DIR");
  const auto call = Read({"runsc", "exec", "id", "run", "--root=/x"});
  EXPECT_EQ(call.command, "exec");
  EXPECT_EQ(call.root, "/var/run/runsc");
}

TEST(RunscCallTest, DefaultRootFollowsTheUsersRuntimeFolder) {
  ::setenv("XDG_RUNTIME_DIR", "/run/user/1", 1);
  EXPECT_EQ(Read({"runsc", "start", "id"}).root, "/run/user/1/runsc");
  ::unsetenv("XDG_RUNTIME_DIR");
}

TEST(RunscCallTest, HasDefaults) {
  ::unsetenv("XDG_RUNTIME_DIR");
  for (const auto& call : {Read({"runsc"}), Read({}), Read({"r", "--root"})}) {
    EXPECT_EQ(call.root, "/var/run/runsc");
    EXPECT_EQ(call.command, "");
    EXPECT_EQ(call.bundle, ".");
  }
}

}  // namespace
}  // namespace gofer::dispatcher
