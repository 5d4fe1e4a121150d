#include "server/runsc/sandbox_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/mount.h>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace gofer::runsc {
namespace {

using oci::OciSpec;
using sandbox::Propagation;
using sandbox::PropagationKind;
using testing::ElementsAre;
using testing::HasSubstr;

std::variant<sandbox::Plan, SandboxPlanError> Make(const OciSpec& spec,
                                                   const GoferFlags& flags) {
  auto mounts = GoferMounts(spec, flags);
  EXPECT_TRUE(std::holds_alternative<std::vector<GoferMount>>(mounts));
  return MakeSandboxPlan(spec, std::get<std::vector<GoferMount>>(mounts),
                         flags);
}

sandbox::Plan Good(const OciSpec& spec, const GoferFlags& flags = {}) {
  auto made = Make(spec, flags);
  if (const auto* error = std::get_if<SandboxPlanError>(&made)) {
    ADD_FAILURE() << error->text;
    return {};
  }
  return std::get<sandbox::Plan>(made);
}

std::string Bad(const OciSpec& spec) {
  auto made = Make(spec, {});
  if (!std::holds_alternative<SandboxPlanError>(made)) {
    ADD_FAILURE() << "was accepted";
    return "";
  }
  return std::get<SandboxPlanError>(made).text;
}

OciSpec WithOptions(const std::vector<std::string>& options) {
  OciSpec spec;
  spec.root = "/r";
  spec.mounts = {{.destination = "/d",
                  .type = "bind",
                  .source = "/s",
                  .options = options}};
  return spec;
}

uint64_t Attributes(const std::vector<std::string>& options) {
  return Good(WithOptions(options)).tree->binds.at(0).attributes;
}

TEST(SandboxPlanTest, PlansTheTreeOfTheSpec) {
  OciSpec spec;
  spec.root = "/r";
  spec.root_readonly = true;
  spec.cwd = "/work";
  spec.mounts = {
      {.destination = "/proc", .type = "proc"},
      {.destination = "/a", .type = "bind", .source = "/srv/a"},
      {.destination = "/b", .source = "/srv/b", .options = {"rbind"}}};
  const sandbox::Plan plan = Good(spec);
  ASSERT_TRUE(plan.tree);
  EXPECT_EQ(plan.tree->root, "/r");
  EXPECT_TRUE(plan.tree->readonly);
  EXPECT_EQ(plan.tree->propagation,
            (Propagation{PropagationKind::kSlave, true}));
  EXPECT_THAT(plan.tree->directories, ElementsAre("/work"));
  ASSERT_EQ(plan.tree->binds.size(), 2u);
  EXPECT_EQ(plan.tree->binds[0].source, "/srv/a");
  EXPECT_EQ(plan.tree->binds[0].destination, "/a");
  EXPECT_FALSE(plan.tree->binds[0].recursive);
  EXPECT_TRUE(plan.tree->binds[1].recursive);
  EXPECT_TRUE(plan.tree->new_namespace);
  EXPECT_TRUE(plan.no_new_privileges);
  EXPECT_TRUE(plan.landlock);
  EXPECT_TRUE(plan.syscalls);
}

// No wider than gVisor (runsc/cmd/gofer.go), and without CAP_SYS_CHROOT.
TEST(SandboxPlanTest, PlansCapabilities) {
  EXPECT_THAT(Good(WithOptions({})).capabilities->keep,
              ElementsAre(CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH,
                          CAP_FOWNER, CAP_FSETID));
  GoferFlags flags;
  flags.apply_caps = false;
  EXPECT_FALSE(Good(WithOptions({}), flags).capabilities);
}

TEST(SandboxPlanTest, HostSocketsNeedSystemCalls) {
  const auto none = *Good(WithOptions({})).syscalls;
  EXPECT_FALSE(none.connect || none.bind || none.credentials ||
               none.donate_mounts);
  GoferFlags flags;
  flags.host.host_uds = hostfs::HostUds::kOpen;
  EXPECT_TRUE(Good(WithOptions({}), flags).syscalls->connect);
  EXPECT_FALSE(Good(WithOptions({}), flags).syscalls->bind);
  EXPECT_FALSE(Good(WithOptions({}), flags).syscalls->credentials);
  flags.mount_words = MountWords::kMountConfs;
  flags.mount_confs = {{}, {}};
  EXPECT_TRUE(Good(WithOptions({}), flags).syscalls->credentials);
}

TEST(SandboxPlanTest, PlansMountOptions) {
  EXPECT_EQ(Attributes({}), 0u);
  EXPECT_EQ(Attributes({"ro", "nosuid", "nodev", "noexec"}),
            uint64_t{MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
                     MOUNT_ATTR_NOEXEC});
  EXPECT_EQ(Attributes({"ro", "rw"}), 0u);
  EXPECT_EQ(Attributes({"noatime"}), uint64_t{MOUNT_ATTR_NOATIME});
  EXPECT_EQ(Attributes({"noatime", "strictatime"}),
            uint64_t{MOUNT_ATTR_STRICTATIME});
  EXPECT_EQ(Attributes({"nodiratime", "noatime"}),
            uint64_t{MOUNT_ATTR_NODIRATIME | MOUNT_ATTR_NOATIME});
  EXPECT_EQ(Attributes({"sync", "unheard-of"}), 0u);
}

TEST(SandboxPlanTest, PlansThePropagationOfMounts) {
  const auto propagation = [](const char* option) {
    return Good(WithOptions({option})).tree->binds.at(0).propagation;
  };
  EXPECT_EQ(propagation("rbind"), std::nullopt);
  EXPECT_EQ(propagation("private"),
            (Propagation{PropagationKind::kPrivate, false}));
  EXPECT_EQ(propagation("rslave"),
            (Propagation{PropagationKind::kSlave, true}));
  // Ours must still be cloned for clients.
  EXPECT_EQ(propagation("runbindable"),
            (Propagation{PropagationKind::kPrivate, true}));
  EXPECT_THAT(Bad(WithOptions({"rshared"})), HasSubstr("/d: option rshared"));
}

TEST(SandboxPlanTest, PlansThePropagationOfTheRoot) {
  OciSpec spec = WithOptions({});
  spec.rootfs_propagation = "private";
  EXPECT_EQ(Good(spec).tree->propagation,
            (Propagation{PropagationKind::kPrivate, false}));
  spec.rootfs_propagation = "shared";
  EXPECT_THAT(Bad(spec), HasSubstr("linux.rootfsPropagation: shared"));
  spec.rootfs_propagation = "sideways";
  EXPECT_THAT(Bad(spec), HasSubstr("sideways"));
}

// The root's client sees the whole tree: what one connection may not change,
// the others must not change either.
TEST(SandboxPlanTest, WhatIsBelowAnOverlayIsReadonlyForAll) {
  GoferFlags flags;
  flags.mount_words = MountWords::kOverlayMediums;
  flags.overlay_mediums = {0, 1};
  const sandbox::Plan plan = Good(WithOptions({}), flags);
  EXPECT_FALSE(plan.tree->readonly);
  EXPECT_EQ(plan.tree->binds.at(0).attributes, uint64_t{MOUNT_ATTR_RDONLY});
  flags.overlay_mediums = {1, 0};
  EXPECT_TRUE(Good(WithOptions({}), flags).tree->readonly);
}

TEST(SandboxPlanTest, WhatIsNotServedIsNotInTheTree) {
  GoferFlags flags;
  flags.mount_words = MountWords::kMountConfs;
  flags.mount_confs = {{true, false}, {false, true}};
  EXPECT_TRUE(Good(WithOptions({}), flags).tree->binds.empty());
}

TEST(SandboxPlanTest, MakesTheWorkingDirectoryForAReleaseThatWantsIt) {
  OciSpec spec = WithOptions({});
  spec.cwd = "/work";
  GoferFlags flags;
  flags.mount_words = MountWords::kMountConfs;
  flags.mount_confs = {{}, {}};
  EXPECT_THAT(Good(spec, flags).tree->directories, ElementsAre("/work"));
  flags.traits.makes_cwd = false;
  EXPECT_THAT(Good(spec, flags).tree->directories, ElementsAre());
}

TEST(SandboxPlanTest, BindsOfARootThatIsNotServedHaveATreeOfTheirOwn) {
  GoferFlags flags;
  flags.mount_words = MountWords::kMountConfs;
  flags.mount_confs = {{false, false}, {true, false}};
  const sandbox::Plan plan = Good(WithOptions({}), flags);
  EXPECT_EQ(plan.tree->root, "");
  ASSERT_EQ(plan.tree->binds.size(), 1u);
}

TEST(SandboxPlanTest, HooksFindTheTreeWhereTheSpecSaysThatItIs) {
  OciSpec spec = WithOptions({});
  EXPECT_EQ(Good(spec).tree->stage, "/proc");
  EXPECT_FALSE(Good(spec).tree->announce_ready);
  spec.create_container_hooks = {{.path = "/hook"}};
  EXPECT_FALSE(Good(spec).tree->announce_ready);
  GoferFlags flags;
  flags.traits.create_container_hooks = true;
  EXPECT_EQ(Good(spec, flags).tree->stage, "/r");
  EXPECT_TRUE(Good(spec, flags).tree->announce_ready);
}

TEST(SandboxPlanTest, MapsTheIdsOfAMount) {
  OciSpec spec = WithOptions({"bind", "ridmap"});
  spec.mounts.at(0).uid_mappings = {
      {.container_id = 0, .host_id = 100'000, .size = 10}};
  // As in gVisor, one list alone maps nothing.
  EXPECT_EQ(Good(spec).tree->binds.at(0).id_map, std::nullopt);
  spec.mounts.at(0).gid_mappings = {
      {.container_id = 5, .host_id = 200'000, .size = 20}};
  const sandbox::BindMount bind = Good(spec).tree->binds.at(0);
  EXPECT_EQ(bind.id_map, (sandbox::IdMapPlan{.users = {{0, 100'000, 10}},
                                             .groups = {{5, 200'000, 20}}}));
  EXPECT_TRUE(bind.map_recursive);
}

TEST(SandboxPlanTest, DevGoferGetsTheAcceleratorsOfTheSpec) {
  OciSpec spec = WithOptions({});
  spec.device_paths = {"/dev/nvidia0",        "/dev/fuse",
                       "/dev/nvidia-modeset", "/dev/infiniband/uverbs0",
                       "/dev/vfio/3",         "/dev/vfio/../sda"};
  EXPECT_EQ(Good(spec).tree->binds.size(), 1u);
  GoferFlags flags;
  flags.dev_io_fd = 9;
  const sandbox::Plan plan = Good(spec, flags);
  ASSERT_EQ(plan.tree->binds.size(), 3u);
  EXPECT_EQ(plan.tree->binds[1].destination, "/dev/nvidia0");
  EXPECT_EQ(plan.tree->binds[2].source, "/dev/vfio/3");
  EXPECT_THAT(plan.landlock_roots, ElementsAre("/", "/dev"));
  flags.rdmaproxy = true;
  EXPECT_EQ(Good(spec, flags).tree->binds.size(), 4u);
  EXPECT_THAT(plan.tree->directories, ElementsAre("/dev"));
}

TEST(SandboxPlanTest, WaitingForTheSandboxTakesADescriptorOfIt) {
  EXPECT_FALSE(Good(WithOptions({})).syscalls->sandbox_exit);
  GoferFlags flags;
  flags.sync_sentry_exit_fd = 9;
  EXPECT_TRUE(Good(WithOptions({}), flags).syscalls->sandbox_exit);
}

TEST(SandboxPlanTest, PlansNoTreeWithoutSetUp) {
  GoferFlags flags;
  flags.setup_root = false;
  EXPECT_FALSE(Good(WithOptions({}), flags).tree);
  // Landlock still knows where the files are.
  EXPECT_THAT(Good(WithOptions({}), flags).landlock_roots, ElementsAre("/r"));
}

TEST(SandboxPlanTest, PlansTheLimitOfDescriptors) {
  GoferFlags flags;
  EXPECT_FALSE(Good(WithOptions({})).max_fds);
  flags.max_fds = 500;
  EXPECT_EQ(Good(WithOptions({}), flags).max_fds, 500u);
}

}  // namespace
}  // namespace gofer::runsc
