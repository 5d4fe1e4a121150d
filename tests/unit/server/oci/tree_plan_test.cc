#include "server/oci/tree_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace gofer::oci {
namespace {

using sandbox::Propagation;
using sandbox::PropagationKind;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

OciSpec Spec() {
  OciSpec spec;
  spec.root = "/b/rootfs";
  spec.mounts = {
      {.destination = "/proc", .type = "proc", .source = "proc"},
      {.destination = "/data",
       .type = "bind",
       .source = "/srv/data",
       .options = {"rbind", "ro", "nosuid", "noexec"}},
      {.destination = "/tmp", .type = "tmpfs", .source = "tmpfs"},
      {.destination = "/data/f", .source = "/srv/f", .options = {"bind"}},
  };
  return spec;
}

std::string Bad(const OciSpec& spec) {
  const auto made = MakeTreePlan(spec);
  const auto* const error = std::get_if<SpecError>(&made);
  return error != nullptr ? error->text : "accepted";
}

TEST(TreePlanTest, PlansTheRootAndBindMountsInOrder) {
  OciSpec spec = Spec();
  spec.root_readonly = true;
  spec.cwd = "/home/user";
  const auto made = MakeTreePlan(spec);
  const auto* const tree = std::get_if<sandbox::TreePlan>(&made);
  ASSERT_NE(tree, nullptr);
  EXPECT_EQ(tree->root, "/b/rootfs");
  EXPECT_TRUE(tree->readonly);
  EXPECT_EQ(tree->propagation, (Propagation{PropagationKind::kSlave, true}));
  EXPECT_THAT(tree->directories, ElementsAre("/home/user"));
  EXPECT_THAT(tree->binds,
              ElementsAre(sandbox::BindMount{.source = "/srv/data",
                                             .destination = "/data",
                                             .recursive = true,
                                             .attributes = MOUNT_ATTR_RDONLY |
                                                           MOUNT_ATTR_NOSUID |
                                                           MOUNT_ATTR_NOEXEC},
                          sandbox::BindMount{.source = "/srv/f",
                                             .destination = "/data/f",
                                             .recursive = false}));
}

TEST(TreePlanTest, MakesNoDirectoryForTheRootAsWorkingDirectory) {
  OciSpec spec = Spec();
  spec.cwd = "/";
  const auto made = MakeTreePlan(spec);
  EXPECT_THAT(std::get<sandbox::TreePlan>(made).directories, IsEmpty());
}

TEST(TreePlanTest, SharedMountsAreRefused) {
  OciSpec spec = Spec();
  spec.mounts[1].options.push_back("rshared");
  EXPECT_THAT(Bad(spec), HasSubstr("mount /data: option rshared is refused"));
  spec = Spec();
  spec.rootfs_propagation = "shared";
  EXPECT_THAT(Bad(spec), HasSubstr("linux.rootfsPropagation: shared"));
  spec.rootfs_propagation = "sideways";
  EXPECT_THAT(Bad(spec), HasSubstr("sideways is not known"));
}

}  // namespace
}  // namespace gofer::oci
