#include "controlplane/translate/adopt_result.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "server/control/bounds.h"

namespace goferd::translate {
namespace {

using testing::ElementsAre;

constexpr AdoptBounds kBounds = {.max_live_connections = 10, .max_rules = 5};

void AddConnection(worker::v1::AdoptResult& result, const std::string& id,
                   worker::v1::ConnectionState state) {
  auto& connection = *result.add_connections();
  connection.set_uid("uid-" + id);
  connection.set_connection_id(id);
  connection.set_mount_path("/");
  connection.set_state(state);
}

TEST(AdoptResultTest, RefusesMoreLiveConnectionsThanTheBound) {
  worker::v1::AdoptResult result;
  for (int i = 0; i < 10; ++i) {
    AddConnection(result, absl::StrCat("c", i),
                  worker::v1::CONNECTION_STATE_MOUNTED);
  }
  EXPECT_TRUE(CheckAdoptResult(kBounds, result).ok());
  EXPECT_EQ(result.connections_size(), 10);
  AddConnection(result, "one-more",
                worker::v1::CONNECTION_STATE_PENDING_ATTACH);
  EXPECT_EQ(errors::ReasonOf(CheckAdoptResult(kBounds, result)),
            errors::Reason::GOFER_UNREACHABLE);
}

TEST(AdoptResultTest, OnlyAHigherLimitOfTheServerChangesTheBound) {
  EXPECT_EQ(AdoptBoundsFor(0).max_live_connections, kMostLiveConnections);
  EXPECT_EQ(AdoptBoundsFor(3).max_live_connections, kMostLiveConnections);
  EXPECT_EQ(AdoptBoundsFor(-1).max_live_connections, kMostLiveConnections);
  EXPECT_EQ(AdoptBoundsFor(1'000'000).max_live_connections, 1'000'000u);
  EXPECT_EQ(AdoptBoundsFor(3).max_rules, gofer::control::kMostRules);
}

TEST(AdoptResultTest, LeavesOutEndedConnectionsBeyondTheBound) {
  worker::v1::AdoptResult result;
  for (int i = 0; i < 10'001; ++i) {
    AddConnection(result, absl::StrCat("c", i),
                  worker::v1::CONNECTION_STATE_ENDED);
  }
  EXPECT_TRUE(CheckAdoptResult(kBounds, result).ok());
  EXPECT_EQ(result.connections_size(), 10'000);
}

TEST(AdoptResultTest, RefusesMoreRulesThanTheBound) {
  worker::v1::AdoptResult result;
  for (int i = 0; i < 5; ++i) {
    result.add_rules()->set_uid(absl::StrCat("r", i));
    result.mutable_rules(i)->set_rule_id(absl::StrCat("r", i));
  }
  EXPECT_TRUE(CheckAdoptResult(kBounds, result).ok());
  EXPECT_EQ(result.rules_size(), 5);
  result.add_rules();
  EXPECT_FALSE(CheckAdoptResult(kBounds, result).ok());
}

TEST(AdoptResultTest, LeavesOutImpossibleRules) {
  worker::v1::AdoptResult result;
  for (const char* uid : {"good", "", "good", "UPPER"}) {
    result.add_rules()->set_uid(uid);
    result.mutable_rules()->rbegin()->set_rule_id("r");
  }
  result.mutable_rules(0)->set_daemon_data("data");
  result.add_rules()->set_uid("long");
  result.mutable_rules(4)->set_rule_id("r");
  result.mutable_rules(4)->set_daemon_data(
      std::string(gofer::control::kMostRuleData + 1, 'x'));
  EXPECT_TRUE(CheckAdoptResult(kBounds, result).ok());
  ASSERT_EQ(result.rules_size(), 1);
  EXPECT_EQ(result.rules(0).daemon_data(), "data");
}

TEST(AdoptResultTest, KeepsEachMessageOnceAndUnknownMessages) {
  worker::v1::BootstrapResult result;
  for (const uint32_t mid : {3u, 2u, 3u, 4'000'000'000u, 256u, 255u}) {
    result.add_supported_mids(mid);
  }
  CleanBootstrapResult(result);
  EXPECT_THAT(result.supported_mids(), ElementsAre(2u, 3u, 255u));
}

TEST(AdoptResultTest, CutsStepsInNumberAndLength) {
  worker::v1::BootstrapResult result;
  for (int i = 0; i < 1000; ++i) {
    result.add_sandbox_steps(std::string(1000, 's'));
    result.add_missing_sandbox_steps("\x1b[2J");
  }
  CleanBootstrapResult(result);
  ASSERT_EQ(result.sandbox_steps_size(), 64);
  EXPECT_EQ(result.sandbox_steps(0), std::string(64, 's'));
  ASSERT_EQ(result.missing_sandbox_steps_size(), 64);
  EXPECT_EQ(result.missing_sandbox_steps(0), "?[2J");
}

TEST(AdoptResultTest, DropsAPathThatIsTooLong) {
  worker::v1::AdoptResult result;
  result.set_root("/" + std::string(4095, 'x'));
  EXPECT_TRUE(CheckAdoptResult(kBounds, result).ok());
  EXPECT_EQ(result.root(), "");
  result.set_root("/srv/\xC3\xA9");
  EXPECT_TRUE(CheckAdoptResult(kBounds, result).ok());
  EXPECT_EQ(result.root(), "/srv/\xC3\xA9");
}

}  // namespace
}  // namespace goferd::translate
