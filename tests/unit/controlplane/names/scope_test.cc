#include "controlplane/names/scope.h"

#include <gtest/gtest.h>

namespace goferd::names {
namespace {

TEST(ScopeTest, OneIdIncludesOnlyItself) {
  const ServerScope scope("a");
  EXPECT_FALSE(scope.is_all());
  EXPECT_EQ(scope.id(), "a");
  EXPECT_TRUE(scope.Includes("a"));
  EXPECT_FALSE(scope.Includes("b"));
  EXPECT_FALSE(scope.Includes(""));
}

TEST(ScopeTest, DashIncludesEveryId) {
  EXPECT_TRUE(ConnectionScope::All().is_all());
  EXPECT_TRUE(ConnectionScope("-").is_all());
  EXPECT_TRUE(ConnectionScope("-").Includes("b"));
}

}  // namespace
}  // namespace goferd::names
