#include "server/worker/bootstrap_tree.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>

#include <cstdint>
#include <utility>
#include <vector>

namespace gofer::worker {
namespace {

namespace v1 = ::goferd::worker::v1;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<base::UniqueFd> Directories(size_t count) {
  std::vector<base::UniqueFd> fds;
  while (fds.size() < count) {
    fds.emplace_back(::open("/", O_PATH | O_CLOEXEC));
  }
  return fds;
}

v1::Bootstrap Request() {
  v1::Bootstrap bootstrap;
  bootstrap.set_root("/srv/tree");
  bootstrap.set_sandbox_mode(v1::SANDBOX_MODE_FULL);
  return bootstrap;
}

v1::Bootstrap BundleRequest() {
  v1::Bootstrap bootstrap = Request();
  bootstrap.set_oci_bundle("/srv/bundle");
  v1::Bundle& bundle = *bootstrap.mutable_bundle();
  bundle.set_readonly(true);
  bundle.set_propagation(v1::MOUNT_PROPAGATION_PRIVATE);
  bundle.add_directories("/work");
  v1::BundleMount& mount = *bundle.add_mounts();
  mount.set_source("/srv/data");
  mount.set_destination("/data");
  mount.set_recursive(true);
  mount.set_attributes(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC);
  mount.set_propagation(v1::MOUNT_PROPAGATION_RSLAVE);
  return bootstrap;
}

Failure::Code CodeOf(const v1::Bootstrap& bootstrap, size_t fds) {
  auto tree = ToBootstrapTree(bootstrap, Directories(fds));
  return tree.ok() ? Failure::CODE_UNSPECIFIED : tree.failure().code();
}

TEST(BootstrapTreeTest, PlansAPlainDirectory) {
  const auto fds = Directories(1);
  auto tree = ToBootstrapTree(Request(), fds);
  ASSERT_TRUE(tree.ok());
  EXPECT_EQ(tree->plan, sandbox::TreePlan{.root = "."});
  EXPECT_EQ(tree->sources.root, fds[0].get());
  EXPECT_FALSE(tree->needs_mounts());
}

TEST(BootstrapTreeTest, PlansABundle) {
  const auto fds = Directories(2);
  auto tree = ToBootstrapTree(BundleRequest(), fds);
  ASSERT_TRUE(tree.ok());
  EXPECT_TRUE(tree->is_bundle);
  EXPECT_TRUE(tree->needs_mounts());
  EXPECT_EQ(tree->plan.root, "/srv/tree");
  EXPECT_TRUE(tree->plan.readonly);
  EXPECT_EQ(tree->plan.propagation,
            (sandbox::Propagation{sandbox::PropagationKind::kPrivate, false}));
  EXPECT_THAT(tree->plan.directories, ElementsAre("/work"));
  EXPECT_THAT(tree->plan.binds,
              ElementsAre(sandbox::BindMount{
                  .source = "/srv/data",
                  .destination = "/data",
                  .recursive = true,
                  .attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOEXEC,
                  .propagation = sandbox::Propagation{
                      sandbox::PropagationKind::kSlave, true}}));
  EXPECT_THAT(tree->sources.binds, ElementsAre(fds[1].get()));
}

TEST(BootstrapTreeTest, PlansAnIdMap) {
  v1::Bootstrap bootstrap = Request();
  v1::IdRange& range = *bootstrap.mutable_id_map()->add_uid_ranges();
  range.set_host_id(1000);
  range.set_sandbox_id(0);
  range.set_count(5);
  auto tree = ToBootstrapTree(bootstrap, Directories(1));
  ASSERT_TRUE(tree.ok());
  EXPECT_TRUE(tree->needs_mounts());
  EXPECT_EQ(tree->plan.id_map,
            (sandbox::IdMapPlan{.users = {{1000, 0, 5}}, .groups = {}}));
}

TEST(BootstrapTreeTest, RejectsTooFewAndTooManyDescriptors) {
  EXPECT_EQ(CodeOf(Request(), 0), Failure::MALFORMED);
  EXPECT_EQ(CodeOf(Request(), 2), Failure::MALFORMED);
  EXPECT_EQ(CodeOf(BundleRequest(), 1), Failure::MALFORMED);
  EXPECT_EQ(CodeOf(BundleRequest(), 3), Failure::MALFORMED);
  EXPECT_EQ(CodeOf(BundleRequest(), 2), Failure::CODE_UNSPECIFIED);
}

TEST(BootstrapTreeTest, RejectsAttributesThatAreNoMountOptions) {
  for (const uint64_t attribute :
       {uint64_t{MOUNT_ATTR_IDMAP}, uint64_t{1} << 63}) {
    v1::Bootstrap bootstrap = BundleRequest();
    bootstrap.mutable_bundle()->mutable_mounts(0)->set_attributes(attribute);
    EXPECT_EQ(CodeOf(bootstrap, 2), Failure::MALFORMED);
  }
}

TEST(BootstrapTreeTest, RejectsBundlesAndIdMapsWithoutASandbox) {
  v1::Bootstrap bundle = BundleRequest();
  bundle.set_sandbox_mode(v1::SANDBOX_MODE_UNCONFINED);
  v1::Bootstrap mapped = Request();
  mapped.set_sandbox_mode(v1::SANDBOX_MODE_UNCONFINED);
  mapped.mutable_id_map();
  for (const auto& [bootstrap, fds] :
       {std::pair{bundle, 2}, std::pair{mapped, 1}}) {
    const auto tree =
        ToBootstrapTree(bootstrap, Directories(static_cast<size_t>(fds)));
    ASSERT_FALSE(tree.ok());
    EXPECT_EQ(tree.failure().code(), Failure::UNSUPPORTED);
    EXPECT_THAT(tree.failure().text(), HasSubstr("needs a mount namespace"));
  }
}

}  // namespace
}  // namespace gofer::worker
