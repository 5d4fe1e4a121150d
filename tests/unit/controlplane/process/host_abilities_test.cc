#include "controlplane/process/host_abilities.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace goferd::process {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

google::protobuf::RepeatedPtrField<std::string> Roots(const char* root) {
  google::protobuf::RepeatedPtrField<std::string> roots;
  *roots.Add() = root;
  return roots;
}

TEST(HostAbilitiesTest, OffersNoIdMapWhereNoFileSystemCanMap) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root, to make mounts";
  EXPECT_THAT(HostAbilities(Roots("/sys")), ElementsAre("oci-bundle"));
  EXPECT_THAT(HostAbilities(Roots("/does-not-exist")),
              ElementsAre("oci-bundle"));
  EXPECT_THAT(HostAbilities({}), ElementsAre("oci-bundle"));
  // The root's file system may or may not be able to map ids.
  EXPECT_THAT(HostAbilities(Roots("/")), Contains("oci-bundle"));
  EXPECT_EQ(::waitpid(-1, nullptr, __WALL), -1) << "a process is left";
}

TEST(HostAbilitiesTest, OffersNothingWithoutPrivileges) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) != 0) ::_exit(2);
    ::_exit(HostAbilities(Roots("/")).empty() ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace goferd::process
