#include "controlplane/gofers/adopted_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "goferd/state/v1/state.pb.h"

namespace goferd::gofers {
namespace {

using testing::ElementsAre;
using testing::Pair;

class AdoptedServerTest : public testing::Test {
 protected:
  AdoptedServerTest() { record_.id = "runsc-c"; }

  std::map<std::string, std::string> Labels() {
    DescribeAdoptedServer(result_, record_);
    const auto& labels = record_.resource.labels();
    return {labels.begin(), labels.end()};
  }

  worker::v1::AdoptResult result_;
  model::ServerRecord record_;
};

TEST_F(AdoptedServerTest, LabelsAreThoseOfTheContainersEngine) {
  (*result_.mutable_labels())["pod"] = "web-0";
  (*result_.mutable_labels())["bundle"] = "/run/b";
  EXPECT_THAT(Labels(),
              ElementsAre(Pair("bundle", "/run/b"), Pair("pod", "web-0")));
}

TEST_F(AdoptedServerTest, LabelsThatACallerHasSetReplaceThem) {
  (*result_.mutable_labels())["pod"] = "web-0";
  state::v1::ServerState kept;
  kept.mutable_server()->set_name("servers/runsc-c");
  (*kept.mutable_server()->mutable_labels())["tenant"] = "a";
  result_.set_daemon_data(kept.SerializeAsString());
  EXPECT_THAT(Labels(), ElementsAre(Pair("tenant", "a")));
}

TEST_F(AdoptedServerTest, ImpossibleLabelsAreLeftOut) {
  auto& labels = *result_.mutable_labels();
  labels["good"] = std::string(63, 'x');
  labels["long"] = std::string(64, 'x');
  labels[std::string(64, 'k')] = "x";
  for (const char* key : {"", "-", "Pod", "a b", "a\n", "a."})
    labels[key] = "x";
  EXPECT_THAT(Labels(), ElementsAre(Pair("good", std::string(63, 'x'))));
}

TEST_F(AdoptedServerTest, NoMoreLabelsThanAServerMayHave) {
  for (int i = 0; i < 1000; ++i) {
    (*result_.mutable_labels())[absl::StrCat("l", i)] = "x";
  }
  EXPECT_EQ(Labels().size(), 64u);
}

}  // namespace
}  // namespace goferd::gofers
