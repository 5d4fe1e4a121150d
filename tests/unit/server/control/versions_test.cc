#include "server/control/versions.h"

#include <gtest/gtest.h>

namespace gofer::control {
namespace {

namespace v1 = ::goferd::worker::v1;

v1::Party Speaking(uint32_t oldest, uint32_t newest) {
  v1::Party party;
  party.set_min_protocol_version(oldest);
  party.set_max_protocol_version(newest);
  return party;
}

TEST(CommonVersionTest, IsTheHighestThatBothKnow) {
  EXPECT_EQ(CommonVersion(Speaking(1, 1), Speaking(1, 1)), 1u);
  EXPECT_EQ(CommonVersion(Speaking(1, 3), Speaking(2, 5)), 3u);
  EXPECT_EQ(CommonVersion(Speaking(2, 9), Speaking(1, 4)), 4u);
}

TEST(CommonVersionTest, IsNoneWhenTheyDoNotMeet) {
  EXPECT_EQ(CommonVersion(Speaking(1, 2), Speaking(3, 4)), std::nullopt);
  EXPECT_EQ(CommonVersion(Speaking(3, 4), Speaking(1, 2)), std::nullopt);
}

// In version 1 some enums had other numbers.
TEST(CommonVersionTest, IsNoneWithAPeerOfVersion1) {
  const v1::Party ours = MakeParty("0.1.0", {});
  EXPECT_EQ(CommonVersion(ours, Speaking(1, 1)), std::nullopt);
  EXPECT_EQ(CommonVersion(Speaking(1, 1), ours), std::nullopt);
}

TEST(CommonVersionTest, IsNoneForNumbersWithoutSense) {
  EXPECT_EQ(CommonVersion(Speaking(1, 1), Speaking(0, 0)), std::nullopt);
  EXPECT_EQ(CommonVersion(Speaking(1, 1), Speaking(0, 5)), std::nullopt);
  EXPECT_EQ(CommonVersion(Speaking(1, 3), Speaking(3, 2)), std::nullopt);
  EXPECT_EQ(CommonVersion(Speaking(1, 1), v1::Party()), std::nullopt);
}

TEST(PartyTest, SaysWhatWeAre) {
  const v1::Party party = MakeParty(
      "0.1.0", {v1::CAPABILITY_RULES, v1::CAPABILITY_NEW_CONNECTIONS});
  EXPECT_EQ(party.release(), "0.1.0");
  EXPECT_TRUE(HasCapability(party, v1::CAPABILITY_RULES));
  EXPECT_TRUE(HasCapability(party, v1::CAPABILITY_NEW_CONNECTIONS));
  EXPECT_FALSE(HasCapability(party, v1::CAPABILITY_STATS));
  EXPECT_EQ(CommonVersion(party, party), kMaxProtocolVersion);
}

}  // namespace
}  // namespace gofer::control
