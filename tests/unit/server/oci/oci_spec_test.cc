#include "server/oci/oci_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>

#include "absl/strings/string_view.h"

namespace gofer::oci {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

OciSpec Good(absl::string_view text) {
  auto parsed = ParseOciSpec(text, "/bundle");
  if (const auto* error = std::get_if<SpecError>(&parsed)) {
    ADD_FAILURE() << error->text;
    return {};
  }
  return std::get<OciSpec>(parsed);
}

std::string Bad(absl::string_view text) {
  auto parsed = ParseOciSpec(text, "/bundle");
  if (!std::holds_alternative<SpecError>(parsed)) {
    ADD_FAILURE() << "was accepted: " << text;
    return "";
  }
  EXPECT_EQ(std::get<SpecError>(parsed).text.find('\n'), std::string::npos);
  return std::get<SpecError>(parsed).text;
}

TEST(OciSpecTest, ReadsWhatAGoferNeeds) {
  const OciSpec spec = Good(R"({
    "ociVersion": "1.0.0",
    "process": {"args": ["sh"], "cwd": "/work"},
    "root": {"path": "rootfs", "readonly": true},
    "linux": {"rootfsPropagation": "rprivate", "resources": {}},
    "annotations": {"dev.gvisor.flag.debug": "true", "other": "x"},
    "mounts": [
      {"destination": "/proc", "type": "proc", "source": "proc"},
      {"destination": "/data", "type": "bind", "source": "/srv/data",
       "options": ["rbind", "ro"]},
      {"destination": "/opt", "source": "opt", "options": ["bind"]}
    ]})");
  EXPECT_EQ(spec.root, "/bundle/rootfs");
  EXPECT_TRUE(spec.root_readonly);
  EXPECT_EQ(spec.cwd, "/work");
  EXPECT_EQ(spec.rootfs_propagation, "rprivate");
  ASSERT_EQ(spec.mounts.size(), 3u);
  EXPECT_FALSE(spec.mounts[0].IsBind());
  EXPECT_EQ(spec.mounts[0].source, "/bundle/proc");
  EXPECT_TRUE(spec.mounts[1].IsBind());
  EXPECT_TRUE(spec.mounts[1].IsReadonly());
  EXPECT_THAT(spec.mounts[1].options, ElementsAre("rbind", "ro"));
  EXPECT_TRUE(spec.mounts[2].IsBind());
  EXPECT_EQ(spec.mounts[2].source, "/bundle/opt");
  EXPECT_THAT(
      spec.annotations,
      ElementsAre(Pair("dev.gvisor.flag.debug", "true"), Pair("other", "x")));
}

TEST(OciSpecTest, NullIsAsGoodAsAbsent) {
  const OciSpec spec = Good(
      R"({"process": {}, "root": {"path": "/r"}, "mounts": null,
          "linux": null, "annotations": null})");
  EXPECT_EQ(spec.root, "/r");
  EXPECT_TRUE(spec.mounts.empty());
}

TEST(OciSpecTest, LastOfReadonlyAndReadwriteCounts) {
  EXPECT_FALSE((OciMount{.options = {"ro", "rw"}}).IsReadonly());
  EXPECT_TRUE((OciMount{.options = {"rw", "ro"}}).IsReadonly());
  EXPECT_FALSE(OciMount{}.IsReadonly());
}

TEST(OciSpecTest, BindNeedsASource) {
  EXPECT_FALSE((OciMount{.type = "bind"}).IsBind());
  EXPECT_FALSE((OciMount{.type = "tmpfs", .source = "tmpfs"}).IsBind());
}

TEST(OciSpecTest, SaysWhatIsWrong) {
  EXPECT_THAT(Bad("not json"), HasSubstr("not JSON"));
  EXPECT_THAT(Bad(""), HasSubstr("not JSON"));
  EXPECT_THAT(Bad("[]"), HasSubstr("no JSON object"));
  EXPECT_THAT(Bad("{}"), HasSubstr("spec.root is missing"));
  EXPECT_THAT(Bad(R"({"root": {"path": "/r"}})"),
              HasSubstr("spec.process is missing"));
  EXPECT_THAT(Bad(R"({"process": {}, "root": {}})"),
              HasSubstr("root.path is missing"));
  EXPECT_THAT(Bad(R"({"process": {}, "root": {"path": 7}})"),
              HasSubstr("root.path has the wrong type"));
  EXPECT_THAT(Bad(R"({"process": {}, "root": {"path": "/r"}, "mounts": {}})"),
              HasSubstr("spec.mounts is no array"));
  EXPECT_THAT(Bad(R"({"process": {}, "root": {"path": "/r"},
                      "mounts": [{"destination": "/a"}, 7]})"),
              HasSubstr("mounts[1] is no object"));
  EXPECT_THAT(Bad(R"({"process": {}, "root": {"path": "/r"},
              "mounts": [{"type": "bind", "source": "/s", "destination": "d"}]})"),
              HasSubstr("mounts[0].destination is not absolute"));
}

// The kernel would see another path than the sandbox.
TEST(OciSpecTest, RejectsZeroBytesInPaths) {
  EXPECT_THAT(Bad(R"({"process": {}, "root": {"path": "/r\u0000/x"}})"),
              HasSubstr("root.path has a zero byte"));
  EXPECT_THAT(Bad(R"({"process": {"cwd": "/\u0000"}, "root": {"path": "/r"}})"),
              HasSubstr("process.cwd has a zero byte"));
  EXPECT_THAT(Bad(R"({"process": {}, "root": {"path": "/r"}, "mounts": [
                      {"type": "bind", "source": "/s\u0000/../../e",
                       "destination": "/d"}]})"),
              HasSubstr("mounts[0].source has a zero byte"));
}

TEST(OciSpecTest, ReadsCreateContainerHooks) {
  const OciSpec spec =
      Good(R"({"process": {}, "root": {"path": "/r"}, "ociVersion": "1.1.0",
               "hooks": {"poststop": [{"path": "/other"}],
                         "createContainer": [
                           {"path": "/a"},
                           {"path": "/b", "args": ["b", "x"], "env": ["K=V"],
                            "timeout": 7}]}})");
  EXPECT_EQ(spec.version, "1.1.0");
  ASSERT_EQ(spec.create_container_hooks.size(), 2u);
  EXPECT_EQ(spec.create_container_hooks[0].path, "/a");
  EXPECT_EQ(spec.create_container_hooks[0].env, std::nullopt);
  EXPECT_EQ(spec.create_container_hooks[0].timeout_seconds, std::nullopt);
  EXPECT_THAT(spec.create_container_hooks[1].args, ElementsAre("b", "x"));
  EXPECT_THAT(*spec.create_container_hooks[1].env, ElementsAre("K=V"));
  EXPECT_EQ(spec.create_container_hooks[1].timeout_seconds, 7u);
}

TEST(OciSpecTest, RejectsHooksThatCannotBeRun) {
  EXPECT_THAT(Bad(R"({"process": {}, "root": {"path": "/r"},
                      "hooks": {"createContainer": [{"path": "a"}]}})"),
              HasSubstr("hooks.createContainer[0].path is not absolute"));
  EXPECT_THAT(Bad(R"({"process": {}, "root": {"path": "/r"},
                      "hooks": {"createContainer": 1}})"),
              HasSubstr("hooks.createContainer is no array"));
}

TEST(OciSpecTest, ReadsIdMappingsAndDevices) {
  const OciSpec spec = Good(R"({"process": {}, "root": {"path": "/r"},
               "linux": {"devices": [{"path": "/dev/nvidia0"}]},
               "mounts": [{"type": "bind", "source": "/s", "destination": "/d",
                 "uidMappings": [{"containerID": 1, "hostID": 2, "size": 3}],
                 "gidMappings": [{"containerID": 4, "hostID": 5, "size": 6}]},
                 {"type": "erofs", "source": "/i", "destination": "/e"}]})");
  EXPECT_THAT(spec.device_paths, ElementsAre("/dev/nvidia0"));
  ASSERT_EQ(spec.mounts.size(), 2u);
  EXPECT_TRUE(spec.mounts[0].IsIdMapped());
  EXPECT_THAT(spec.mounts[0].uid_mappings, ElementsAre(OciIdMapping{1, 2, 3}));
  EXPECT_THAT(spec.mounts[0].gid_mappings, ElementsAre(OciIdMapping{4, 5, 6}));
  EXPECT_FALSE(spec.mounts[0].IsErofs());
  EXPECT_TRUE(spec.mounts[1].IsErofs() && !spec.mounts[1].IsBind());
}

TEST(OciSpecTest, DeepNestingIsNoOverflow) {
  const std::string deep =
      std::string(300'000, '[') + std::string(300'000, ']');
  EXPECT_THAT(
      Bad(R"({"process": {}, "root": {"path": "/r"}, "mounts": )" + deep + "}"),
      HasSubstr("mounts[0] is no object"));
  EXPECT_THAT(Bad(std::string(1'000'000, '[')), HasSubstr("not JSON"));
}

}  // namespace
}  // namespace gofer::oci
