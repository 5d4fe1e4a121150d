#include "server/worker/response_parts.h"

#include <gtest/gtest.h>

#include <string>

namespace gofer::worker {
namespace {

namespace v1 = ::goferd::worker::v1;

v1::Response Joined(const std::vector<v1::Response>& parts) {
  v1::Response whole;
  for (const v1::Response& part : parts) whole.MergeFrom(part);
  whole.clear_more();
  return whole;
}

TEST(SplitResponseTest, ShortOnesStayWhole) {
  v1::Response response;
  response.set_request_id(7);
  response.mutable_connection_count()->set_active(1);
  EXPECT_EQ(SplitResponse(response, 10).size(), 1u);
  response.mutable_connections();
  const auto parts = SplitResponse(response, 10);
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_TRUE(parts[0].has_connections());
  EXPECT_FALSE(parts[0].more());
}

TEST(SplitResponseTest, LongListsComeInPartsAndJoin) {
  v1::Response response;
  response.set_request_id(7);
  for (int i = 0; i < 100; ++i) {
    response.mutable_connections()->add_connections()->set_uid(
        std::string(static_cast<size_t>(i), 'u'));
  }
  const auto parts = SplitResponse(response, 500);
  ASSERT_GT(parts.size(), 5u);
  for (size_t i = 0; i < parts.size(); ++i) {
    EXPECT_EQ(parts[i].request_id(), 7u);
    EXPECT_EQ(parts[i].more(), i + 1 < parts.size());
    EXPECT_LE(parts[i].ByteSizeLong(), 900u);
    EXPECT_GT(parts[i].connections().connections_size(), 0);
  }
  EXPECT_EQ(Joined(parts).SerializeAsString(), response.SerializeAsString());
}

TEST(SplitResponseTest, AnAdoptionHasTwoLists) {
  v1::Response response;
  response.set_request_id(7);
  v1::AdoptResult& adopt = *response.mutable_adopt();
  adopt.set_daemon_data(std::string(600, 'd'));
  adopt.mutable_bootstrap()->add_sandbox_steps("a-step");
  for (int i = 0; i < 20; ++i) {
    adopt.add_connections()->set_uid(std::string(100, 'u'));
    adopt.add_rules()->set_uid(std::string(100, 'r'));
  }
  const auto parts = SplitResponse(response, 500);
  EXPECT_GT(parts.size(), 5u);
  EXPECT_EQ(Joined(parts).SerializeAsString(), response.SerializeAsString());
}

TEST(SplitResponseTest, AnElementThatIsTooLongIsAPartByItself) {
  v1::Response response;
  for (int i = 0; i < 3; ++i) {
    response.mutable_rules()->add_rules()->set_daemon_data(
        std::string(1000, 'd'));
  }
  EXPECT_EQ(SplitResponse(response, 500).size(), 3u);
}

}  // namespace
}  // namespace gofer::worker
