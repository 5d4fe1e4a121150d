#include "server/worker/container_labels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace gofer::worker {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

oci::OciSpec Annotated(std::map<std::string, std::string> annotations) {
  oci::OciSpec spec;
  spec.annotations = std::move(annotations);
  return spec;
}

// The label of a pod that is called so.
std::string PodLabel(const std::string& name) {
  const auto labels = ContainerLabels(
      Annotated({{"io.kubernetes.cri.sandbox-name", name}}), "");
  return labels.count("pod") != 0 ? labels.at("pod") : "none";
}

TEST(ContainerLabelsTest, ContainerWithoutEngineHasItsBundleOnly) {
  EXPECT_THAT(ContainerLabels(Annotated({{"pod", "x"}}), ""), IsEmpty());
  EXPECT_THAT(ContainerLabels(Annotated({}), "/run/b"),
              ElementsAre(Pair("bundle", "/run/b")));
}

TEST(ContainerLabelsTest, ReadsContainerdsAnnotations) {
  EXPECT_THAT(
      ContainerLabels(
          Annotated({{"io.kubernetes.cri.container-name", "web"},
                     {"io.kubernetes.cri.sandbox-name", "web-0"},
                     {"io.kubernetes.cri.sandbox-namespace", "shop"},
                     {"io.kubernetes.cri.container-type", "container"}}),
          ""),
      ElementsAre(Pair("container", "web"), Pair("namespace", "shop"),
                  Pair("pod", "web-0")));
}

TEST(ContainerLabelsTest, ReadsTheKubeletsLabelsAndCriO) {
  EXPECT_THAT(ContainerLabels(
                  Annotated({{"io.kubernetes.container.name", "web"},
                             {"io.kubernetes.cri-o.ContainerName", "k8s_web"},
                             {"io.kubernetes.pod.name", "web-0"},
                             {"io.kubernetes.cri-o.Namespace", "shop"}}),
                  ""),
              ElementsAre(Pair("container", "web"), Pair("namespace", "shop"),
                          Pair("pod", "web-0")));
}

TEST(ContainerLabelsTest, OverlongTextKeepsItsEnd) {
  const std::string most(63, 'x');
  EXPECT_EQ(PodLabel(most), most);
  EXPECT_EQ(PodLabel("a" + most), "..." + std::string(60, 'x'));
  EXPECT_EQ(PodLabel(std::string(1 << 20, 'x')), "..." + std::string(60, 'x'));
  // Not in the middle of a character.
  std::string umlauts;
  for (int i = 0; i < 50; ++i) umlauts += "\u00e4";
  EXPECT_EQ(PodLabel(umlauts + "x"), "..." + umlauts.substr(0, 58) + "x");
}

TEST(ContainerLabelsTest, HostileBytesBecomeQuestionMarks) {
  EXPECT_EQ(PodLabel("a\nb\x1b[2Jc"), "a?b?[2Jc");
  EXPECT_EQ(PodLabel("\xff\xfe"), "??");
  EXPECT_EQ(PodLabel(std::string("a\0b", 3)), "a?b");
  EXPECT_EQ(PodLabel(std::string(100, '\x80')), "..." + std::string(60, '?'));
  EXPECT_EQ(PodLabel(""), "none");
}

}  // namespace
}  // namespace gofer::worker
