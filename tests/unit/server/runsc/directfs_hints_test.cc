#include "server/runsc/directfs_hints.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "absl/strings/str_cat.h"

namespace gofer::runsc {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class DirectfsHintsTest : public testing::Test {
 protected:
  void Mount(const std::string& name, std::map<std::string, std::string> hint) {
    for (const auto& [key, value] : hint) {
      spec_
          .annotations[absl::StrCat("dev.gvisor.spec.mount.", name, ".", key)] =
          value;
    }
  }
  void Root(std::map<std::string, std::string> hint) {
    for (const auto& [key, value] : hint) {
      spec_.annotations[absl::StrCat("dev.gvisor.spec.rootfs.", key)] = value;
    }
  }

  oci::OciSpec spec_;
};

TEST_F(DirectfsHintsTest, MountThatSaysOffIsNamedByItsSource) {
  Mount("a", {{"source", "/a"},
              {"type", "bind"},
              {"share", "shared"},
              {"directfs", "off"}});
  Mount("b", {{"source", "/b"},
              {"type", "bind"},
              {"share", "shared"},
              {"directfs", "default"}});
  Mount("c", {{"source", "/c"}, {"type", "bind"}, {"share", "pod"}});
  EXPECT_THAT(ReadDirectfsHints(spec_).sources, ElementsAre("/a"));
  EXPECT_FALSE(ReadDirectfsHints(spec_).root);
}

// gVisor passes over them.
TEST_F(DirectfsHintsTest, MountThatIsNotNamedInFullDoesNotCount) {
  Mount("a", {{"source", "/a"}, {"type", "bind"}, {"directfs", "off"}});
  Mount("b", {{"type", "bind"}, {"share", "pod"}, {"directfs", "off"}});
  Mount("c", {{"source", "/c"},
              {"type", "bind"},
              {"share", "all"},
              {"directfs", "off"}});
  Mount("d", {{"source", "/d"},
              {"type", "tmpfs"},
              {"share", "pod"},
              {"directfs", "off"}});
  Mount("e", {{"source", "/e"},
              {"type", "bind"},
              {"share", "pod"},
              {"directfs", "OFF"}});
  Mount("f.g", {{"source", "/f"},
                {"type", "bind"},
                {"share", "pod"},
                {"directfs", "off"}});
  EXPECT_THAT(ReadDirectfsHints(spec_).sources, IsEmpty());
}

TEST_F(DirectfsHintsTest, RootNeedsItsSourceAndType) {
  Root({{"directfs", "off"}});
  EXPECT_FALSE(ReadDirectfsHints(spec_).root);
  Root({{"source", "/bundle/rootfs"}, {"type", "bind"}});
  EXPECT_TRUE(ReadDirectfsHints(spec_).root);
}

// Its sandbox knows the mounts of another spec.
TEST_F(DirectfsHintsTest, MountsOfAContainerThatJoinsASandboxAreLeftAlone) {
  Mount("a", {{"source", "/a"},
              {"type", "bind"},
              {"share", "pod"},
              {"directfs", "off"}});
  spec_.annotations["io.kubernetes.cri.container-type"] = "container";
  EXPECT_THAT(ReadDirectfsHints(spec_).sources, IsEmpty());
  spec_.annotations["io.kubernetes.cri.container-type"] = "sandbox";
  EXPECT_THAT(ReadDirectfsHints(spec_).sources, ElementsAre("/a"));
}

}  // namespace
}  // namespace gofer::runsc
