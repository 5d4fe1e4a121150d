#include "clients/admin/request_id.h"

#include <gmock/gmock.h>

namespace goferd::client {
namespace {

TEST(RequestIdTest, IsAUuidOfVersion4) {
  EXPECT_THAT(NewRequestId(),
              testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-"
                                    "[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
  EXPECT_NE(NewRequestId(), NewRequestId());
}

TEST(RequestIdTest, SuffixHas16Digits) {
  EXPECT_THAT(NewIdSuffix(), testing::MatchesRegex("[0-9a-f]{16}"));
  EXPECT_NE(NewIdSuffix(), NewIdSuffix());
}

}  // namespace
}  // namespace goferd::client
