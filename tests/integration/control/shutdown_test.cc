// How a managed gofer ends.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <string>

#include "tests/integration/control/gofer_under_test.h"

namespace gofer::test {
namespace {

using client::Client;

constexpr int64_t kMinute = 60'000'000'000;

class ShutdownTest : public testing::Test {
 protected:
  ShutdownTest() {
    gofer_.root().Write("hello", "from the tree");
    goferd_ = gofer_.Start();
  }

  static v1::ToGofer MakeShutdown() {
    v1::ToGofer message;
    message.mutable_shutdown();
    return message;
  }
  static v1::ToGofer MakeShutdown(int64_t close_timeout_ns) {
    v1::ToGofer message;
    message.mutable_shutdown()->set_close_timeout_ns(close_timeout_ns);
    return message;
  }

  GoferUnderTest gofer_;
  std::unique_ptr<FakeGoferd> goferd_;
};

TEST_F(ShutdownTest, EndsWithoutConnections) {
  EXPECT_FALSE(goferd_->Ask(MakeShutdown()).has_failure());
  EXPECT_EQ(gofer_.process().Wait(), 0);
}

TEST_F(ShutdownTest, RefusesToEndWithConnectionsUnlessToldSo) {
  Client client = GoferUnderTest::Connect(*goferd_, "c");
  EXPECT_EQ(goferd_->Ask(MakeShutdown()).failure().code(),
            v1::Failure::WRONG_STATE);
  EXPECT_EQ(ReadFile(client, "hello"), "from the tree");
  ASSERT_FALSE(goferd_->Ask(GoferUnderTest::MakeStart("idle")).has_failure());
  EXPECT_FALSE(goferd_->Ask(MakeShutdown(kMinute)).has_failure());
  EXPECT_EQ(goferd_->AwaitState("c", v1::CONNECTION_STATE_ENDED).end_reason(),
            v1::END_REASON_SERVER_SHUTDOWN);
  EXPECT_EQ(gofer_.process().Wait(), 0);
  EXPECT_NE(ReadFile(client, "hello"), "from the tree");
}

TEST_F(ShutdownTest, EndsAtOnce) {
  const Client client = GoferUnderTest::Connect(*goferd_, "c");
  EXPECT_FALSE(goferd_->Ask(MakeShutdown(0)).has_failure());
  EXPECT_EQ(gofer_.process().Wait(), 0);
}

TEST_F(ShutdownTest, GoferdNeedNotWaitForIt) {
  const Client client = GoferUnderTest::Connect(*goferd_, "c");
  goferd_->Send(MakeShutdown(kMinute));
  goferd_->AwaitEvent([](const v1::Event& event) {
    return event.connection_changed().end_reason() ==
           v1::END_REASON_SERVER_SHUTDOWN;
  });
  goferd_.reset();
  EXPECT_EQ(gofer_.process().Wait(), 0);
}

TEST_F(ShutdownTest, ASignalEndsIt) {
  const Client client = GoferUnderTest::Connect(*goferd_, "c");
  gofer_.process().Signal(SIGTERM);
  EXPECT_EQ(gofer_.process().Wait(), 0);
  EXPECT_EQ(goferd_->AwaitState("c", v1::CONNECTION_STATE_ENDED).end_reason(),
            v1::END_REASON_SERVER_SHUTDOWN);
}

TEST_F(ShutdownTest, ASignalEndsItWithoutConnectionsOrGoferd) {
  goferd_.reset();
  gofer_.process().Signal(SIGINT);
  EXPECT_EQ(gofer_.process().Wait(), 0);
}

}  // namespace
}  // namespace gofer::test
