#include "controlplane/process/cgroup_parent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "absl/strings/str_cat.h"
#include "controlplane/process/cgroup.h"

namespace goferd::process {
namespace {

using testing::HasSubstr;

constexpr pid_t kSelf = 4711;

// A directory takes the place of the cgroup file system, which is tested in
// tests/integration/controlplane/cgroup_test.py.
class CgroupParentTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "cgroup-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    base_ = pattern;
    Write("mountinfo",
          absl::StrCat("24 1 0:22 / /proc rw - proc proc rw\n25 1 0:23 / ",
                       base_, "/fs rw,nosuid - cgroup2 cgroup2 rw\n"));
    AddGroup("", "1\n");
    std::filesystem::remove(base_ + "/fs/cgroup.events");
  }
  void TearDown() override { std::filesystem::remove_all(base_); }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(base_ + "/" + name) << text;
  }
  std::string Read(const std::string& name) {
    std::ifstream file(base_ + "/fs" + name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void AddGroup(const std::string& path, const std::string& procs) {
    const std::string name = "fs" + path;
    std::filesystem::create_directories(base_ + "/" + name);
    Write(name + "/cgroup.events", "populated 1\n");
    Write(name + "/cgroup.procs", procs);
    Write(name + "/cgroup.controllers", "cpu memory pids\n");
    Write(name + "/cgroup.subtree_control", "");
  }
  absl::StatusOr<std::string> Find(const std::string& own,
                                   bool is_service = false) {
    Write("cgroup", "4:memory:/elsewhere\n0::" + own + "\n");
    return FindCgroupParent({.cgroup_file = base_ + "/cgroup",
                             .mountinfo_file = base_ + "/mountinfo",
                             .pid = kSelf,
                             .is_service = is_service});
  }
  void ExpectRefused(const absl::StatusOr<std::string>& found,
                     const std::string& why, const std::string& group) {
    ASSERT_FALSE(found.ok());
    EXPECT_THAT(std::string(found.status().message()), HasSubstr(why));
    EXPECT_EQ(Read(group + "/cgroup.subtree_control"), "");
  }

  std::string base_;
};

TEST_F(CgroupParentTest, TakesTheParentOfASubgroupMadeForUs) {
  AddGroup("/goferd.service", "");
  AddGroup("/goferd.service/goferd", "4711\n");
  AddGroup("/goferd.service/gofer-web", "77\n");
  const auto found = Find("/goferd.service/goferd", /*is_service=*/true);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(*found, base_ + "/fs/goferd.service");
  EXPECT_EQ(Read("/goferd.service/cgroup.subtree_control"), "+memory");
}

TEST_F(CgroupParentTest, TellsAServiceHowToGetASubgroup) {
  AddGroup("/goferd.service", "4711\n");
  ExpectRefused(Find("/goferd.service", /*is_service=*/true),
                "DelegateSubgroup=goferd", "/goferd.service");
  EXPECT_FALSE(std::filesystem::exists(base_ + "/fs/goferd.service/goferd"));
}

TEST_F(CgroupParentTest, MovesBelowWhenAloneInItsGroup) {
  AddGroup("/box", "4711\n");
  // The kernel would make the files of a new group.
  std::filesystem::create_directories(base_ + "/fs/box/goferd");
  Write("fs/box/goferd/cgroup.procs", "");
  const auto found = Find("/box");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(*found, base_ + "/fs/box");
  EXPECT_EQ(Read("/box/goferd/cgroup.procs"), "4711");
  EXPECT_EQ(Read("/box/cgroup.subtree_control"), "+memory");
}

TEST_F(CgroupParentTest, HandsDownNoMissingController) {
  AddGroup("/x", "");
  AddGroup("/x/goferd", "4711\n");
  Write("fs/x/cgroup.controllers", "cpu pids\n");
  EXPECT_TRUE(Find("/x/goferd").ok());
  EXPECT_EQ(Read("/x/cgroup.subtree_control"), "");
}

TEST_F(CgroupParentTest, LeavesGroupsWithOtherProcessesAsTheyAre) {
  AddGroup("/session", "12\n4711\n");
  ExpectRefused(Find("/session"), "holds other processes or groups",
                "/session");
  AddGroup("/pod", "4711\n");
  AddGroup("/pod/somebody", "13\n");
  ExpectRefused(Find("/pod"), "holds other processes or groups", "/pod");
}

TEST_F(CgroupParentTest, DoesNotTakeTheParentWhenItHasOtherGroups) {
  AddGroup("/slice", "");
  AddGroup("/slice/goferd", "4711\n");
  AddGroup("/slice/database", "13\n");
  std::filesystem::create_directories(base_ + "/fs/slice/goferd/goferd");
  Write("fs/slice/goferd/goferd/cgroup.procs", "");
  const auto found = Find("/slice/goferd");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(*found, base_ + "/fs/slice/goferd");
  EXPECT_EQ(Read("/slice/cgroup.subtree_control"), "");
}

TEST_F(CgroupParentTest, LeavesTheRootAsItIs) {
  Write("fs/cgroup.procs", "4711\n");
  ExpectRefused(Find("/"), "root of all groups", "");
  // A group named goferd below the root does not change that.
  AddGroup("/goferd", "12\n4711\n");
  ExpectRefused(Find("/goferd"), "holds other processes or groups", "");
}

TEST_F(CgroupParentTest, DoesNotTakeAnotherProcessesGroupForOurs) {
  // Where only a part of the groups is mounted, the path may be another
  // group's.
  AddGroup("/goferd", "12\n");
  ExpectRefused(Find("/goferd"), "is not goferd's group", "/goferd");
  EXPECT_FALSE(Find("/../up").ok());
  EXPECT_FALSE(Find("/gone (deleted)").ok());
}

TEST_F(CgroupParentTest, FailsWithoutGroupsOfVersionTwo) {
  Write("mountinfo", "24 1 0:22 / /proc rw - proc proc rw\n");
  EXPECT_FALSE(Find("/").ok());
  Write("cgroup", "4:memory:/elsewhere\n");
  EXPECT_FALSE(FindCgroupParent({.cgroup_file = base_ + "/cgroup",
                                 .mountinfo_file = base_ + "/mountinfo",
                                 .pid = kSelf})
                   .ok());
}

TEST_F(CgroupParentTest, FindsAGofersGroupByItsProcess) {
  AddGroup("/x/gofer-web", "76\n77\n");
  EXPECT_TRUE(Cgroup::Find(base_ + "/fs/x", "gofer-web", 77).has_value());
  EXPECT_FALSE(Cgroup::Find(base_ + "/fs/x", "gofer-web", 7).has_value());
  EXPECT_FALSE(Cgroup::Find(base_ + "/fs/x", "gofer-none", 77).has_value());
}

}  // namespace
}  // namespace goferd::process
