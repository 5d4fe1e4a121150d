#include "deploy/runsc/dispatcher/container_spec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/unit/deploy/runsc/dispatcher/spec_file.h"

namespace gofer::dispatcher {
namespace {

using testing::HasSubstr;

constexpr char kOff[] = R"({"annotations":{"dev.goferd.directfs":"off"}})";

TEST(ContainerSpecTest, ReadsTheAnnotationAmongTheRest) {
  const ContainerSpec spec = ParseContainerSpec(R"({"ociVersion":"1.0.2",
      "process":{"args":["a"],"annotations":{"dev.goferd.directfs":"on"}},
      "annotations":{"x":"y","dev.goferd.directfs":"off"},"linux":{}})");
  EXPECT_EQ(spec.error, "");
  EXPECT_EQ(spec.directfs, "off");
  EXPECT_EQ(spec.sandbox, "");
}

TEST(ContainerSpecTest, SpecWithoutTheAnnotationSaysNothing) {
  for (const char* text :
       {"{}", R"({"annotations":null})", R"({"annotations":{"x":"y"}})",
        R"({"process":{"env":["dev.goferd.directfs=off"]}})"}) {
    const ContainerSpec spec = ParseContainerSpec(text);
    EXPECT_EQ(spec.error, "") << text;
    EXPECT_FALSE(spec.directfs.has_value()) << text;
  }
}

TEST(ContainerSpecTest, LeavesASpecWithoutTheAnnotationToItsReaders) {
  EXPECT_EQ(ParseContainerSpec("no JSON, \xff").error, "");
}

TEST(ContainerSpecTest, RejectsWhatIsNoJsonObject) {
  for (const std::string text :
       {R"(["dev.goferd.directfs"])", R"({"dev.goferd.directfs")",
        "{\"annotations\":{\"dev.goferd.directfs\":\"\xff\"}}"}) {
    EXPECT_THAT(ParseContainerSpec(text).error, HasSubstr("no JSON object"))
        << text;
  }
}

TEST(ContainerSpecTest, KeepsAValueThatIsNoTextForTheMessage) {
  const auto spec =
      ParseContainerSpec(R"({"annotations":{"dev.goferd.directfs":false}})");
  EXPECT_EQ(spec.directfs, "false");
}

TEST(ContainerSpecTest, SurvivesDeepNesting) {
  const std::string deep(1 << 20, '[');
  EXPECT_THAT(
      ParseContainerSpec(R"({"x":"dev.goferd.directfs","y":)" + deep).error,
      HasSubstr("no JSON object"));
}

struct Joined {
  const char* annotations;
  const char* sandbox;
};

TEST(ContainerSpecTest, FindsTheSandboxThatAContainerJoins) {
  for (const Joined& joined : std::array{
           Joined{R"("io.kubernetes.cri.container-type":"container",
                     "io.kubernetes.cri.sandbox-id":"pod")",
                  "pod"},
           Joined{R"("io.kubernetes.cri-o.ContainerType":"container",
                     "io.kubernetes.cri-o.SandboxID":"pod")",
                  "pod"},
           Joined{R"("io.kubernetes.cri.container-type":"sandbox",
                     "io.kubernetes.cri.sandbox-id":"pod")",
                  ""},
           Joined{R"("io.kubernetes.cri.container-type":"container")", ""}}) {
    const auto spec = ParseContainerSpec(std::string(R"({"annotations":{)") +
                                         joined.annotations + "}}");
    EXPECT_EQ(spec.error, "");
    EXPECT_EQ(spec.sandbox, joined.sandbox) << joined.annotations;
  }
}

TEST(ContainerSpecTest, ReadsTheDescriptorAndKeepsItsOffset) {
  const SpecFile file(kOff);
  const auto spec =
      ReadContainerSpec(HelperCall({"runsc-sandbox", "boot", file.Flag()}));
  EXPECT_EQ(spec.error, "");
  EXPECT_EQ(spec.directfs, "off");
  EXPECT_TRUE(file.KeptItsOffset());
}

TEST(ContainerSpecTest, ReadsTheBundleWhereNoDescriptorIs) {
  const std::string bundle =
      testing::TempDir() + "bundle-of-" + std::to_string(::getpid());
  ASSERT_TRUE(std::filesystem::create_directory(bundle));
  const HelperCall call(
      {"runsc-gofer", "gofer", "--bundle", bundle, "--spec-fd=-1"});
  EXPECT_FALSE(ReadContainerSpec(call).directfs.has_value());
  std::ofstream(bundle + "/config.json") << kOff;
  EXPECT_EQ(ReadContainerSpec(call).directfs, "off");
  std::filesystem::remove_all(bundle);
}

TEST(ContainerSpecTest, CallWithoutSpecSaysNothing) {
  const auto spec = ReadContainerSpec(HelperCall({"runsc-gofer", "gofer"}));
  EXPECT_EQ(spec.error, "");
  EXPECT_FALSE(spec.directfs.has_value());
}

TEST(ContainerSpecTest, RejectsADescriptorThatCannotBeRead) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  for (const std::string flag :
       {"--spec-fd=x", "--spec-fd=1x", "--spec-fd=99999",
        "--spec-fd=99999999999", "--spec-fd=-2"}) {
    EXPECT_NE(ReadContainerSpec(HelperCall({"n", "boot", flag})).error, "")
        << flag;
  }
  EXPECT_THAT(
      ReadContainerSpec(
          HelperCall({"n", "boot", "--spec-fd=" + std::to_string(ends[0])}))
          .error,
      HasSubstr("Illegal seek"));
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(ContainerSpecTest, RejectsASpecThatIsTooLarge) {
  const SpecFile file("{}");
  ASSERT_EQ(::ftruncate(file.fd(), static_cast<off_t>(kLargestSpec) + 1), 0);
  EXPECT_THAT(ReadContainerSpec(HelperCall({"n", "boot", file.Flag()})).error,
              HasSubstr("File too large"));
}

}  // namespace
}  // namespace gofer::dispatcher
