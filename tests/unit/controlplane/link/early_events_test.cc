#include "controlplane/link/early_events.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"

namespace goferd::link {
namespace {

worker::v1::Event Changed(const std::string& detail) {
  worker::v1::Event event;
  auto& connection = *event.mutable_connection_changed();
  connection.set_uid("0b9f2a1e-0000-4000-8000-000000000001");
  connection.set_connection_id("connection");
  connection.set_mount_path("/srv/data");
  connection.mutable_options()->set_readonly(true);
  connection.set_end_detail(detail);
  return event;
}

TEST(EarlyEventsTest, KeepsEventsInOrderUntilOpened) {
  EarlyEvents early;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(early.Keep(Changed(absl::StrCat(i))));
  const auto kept = early.Open();
  ASSERT_EQ(kept.size(), 3u);
  EXPECT_EQ(kept[2].connection_changed().end_detail(), "2");
  EXPECT_FALSE(early.Keep(Changed("")));
  EXPECT_FALSE(early.overflow());
}

TEST(EarlyEventsTest, HasRoomForManyEventsOfTheUsualSize) {
  constexpr int kMost = 65'536;
  EarlyEvents early;
  const auto event = Changed("");
  for (int i = 0; i < kMost; ++i) EXPECT_TRUE(early.Keep(event));
  EXPECT_FALSE(early.overflow()) << event.ByteSizeLong();
  EXPECT_TRUE(early.Keep(event));
  EXPECT_TRUE(early.overflow());
}

TEST(EarlyEventsTest, AFewBigEventsAreAnOverflow) {
  EarlyEvents early;
  const auto event = Changed(std::string(1'000'000, 'x'));
  int kept = 0;
  while (!early.overflow() && kept < 100) {
    EXPECT_TRUE(early.Keep(event));
    ++kept;
  }
  EXPECT_TRUE(early.overflow());
  EXPECT_LE(kept, 17);
  // After an overflow a small event is not kept, either: there is a gap before.
  EXPECT_TRUE(early.Keep(Changed("")));
  EXPECT_TRUE(early.Open().empty());
}

}  // namespace
}  // namespace goferd::link
