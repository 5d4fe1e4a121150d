// Goferds come and go; the gofer stays.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/control/gofer_under_test.h"

namespace gofer::test {
namespace {

using client::Client;

class AdoptionTest : public testing::Test {
 protected:
  AdoptionTest() {
    gofer_.root().Write("hello", "from the tree");
    first_ = gofer_.Start();
  }

  GoferUnderTest gofer_;
  std::unique_ptr<FakeGoferd> first_;
};

TEST_F(AdoptionTest, ASecondGoferdAdoptsWhileTheFirstIsThere) {
  const Client client = GoferUnderTest::Connect(*first_, "c");
  first_->AwaitState("c", v1::CONNECTION_STATE_MOUNTED);
  FakeGoferd second(gofer_.socket_path());
  const v1::Response response = second.Adopt();
  ASSERT_TRUE(response.has_adopt()) << response.failure().text();
  const v1::AdoptResult& result = response.adopt();
  EXPECT_EQ(result.server_id(), "a-server");
  EXPECT_EQ(result.server_uid(), "uid-of-it");
  EXPECT_EQ(result.root(), gofer_.root().path());
  EXPECT_EQ(result.limits().max_connections(), 16u);
  EXPECT_EQ(result.sandbox_mode(), v1::SANDBOX_MODE_FULL);
  EXPECT_EQ(result.daemon_data(), "of the daemon");
  EXPECT_EQ(result.bootstrap().pid(), gofer_.process().pid());
  EXPECT_EQ(result.event_number(), 3u);
  EXPECT_GT(result.start_unix_ns(), 0);
  ASSERT_EQ(result.connections_size(), 1);
  EXPECT_EQ(result.connections(0).uid(), "c");
  EXPECT_EQ(result.connections(0).state(), v1::CONNECTION_STATE_MOUNTED);
  EXPECT_TRUE(first_->AwaitHangUp());
  EXPECT_EQ(ReadFile(client, "hello"), "from the tree");
  const Client another = GoferUnderTest::Connect(second, "d");
  EXPECT_EQ(second.events().front().event_number(), 4u);
}

TEST_F(AdoptionTest, AGoferdThatDoesNotAdoptTakesNothing) {
  FakeGoferd silent(gofer_.socket_path());
  FakeGoferd wrong(gofer_.socket_path());
  v1::ToGofer message;
  message.mutable_count_connections();
  EXPECT_EQ(wrong.Ask(message).failure().code(), v1::Failure::WRONG_STATE);
  v1::ToGofer again = gofer_.MakeBootstrap();
  EXPECT_EQ(wrong.Ask(again).failure().code(), v1::Failure::WRONG_STATE);
  message.mutable_adopt()->mutable_party()->set_min_protocol_version(3);
  message.mutable_adopt()->mutable_party()->set_max_protocol_version(4);
  EXPECT_EQ(wrong.Ask(message).failure().code(), v1::Failure::INCOMPATIBLE);
  message.mutable_adopt()->mutable_party()->set_min_protocol_version(1);
  message.mutable_adopt()->mutable_party()->set_max_protocol_version(1);
  EXPECT_EQ(wrong.Ask(message).failure().code(), v1::Failure::INCOMPATIBLE);
  EXPECT_EQ(first_->Count().active(), 0u);
  EXPECT_TRUE(silent.AwaitHangUp()) << "the later candidate takes its place";
}

TEST_F(AdoptionTest, TheDaemonsDataIsKept) {
  v1::ToGofer message;
  message.mutable_set_daemon_data()->set_daemon_data("other");
  ASSERT_FALSE(first_->Ask(message).has_failure());
  message.mutable_set_daemon_data()->set_daemon_data(
      std::string((64 << 10) + 1, 'x'));
  EXPECT_EQ(first_->Ask(message).failure().code(), v1::Failure::MALFORMED);
  message.mutable_set_daemon_data()->set_daemon_data(
      std::string(64 << 10, 'x'));
  ASSERT_FALSE(first_->Ask(message).has_failure());
  first_.reset();
  FakeGoferd second(gofer_.socket_path());
  EXPECT_EQ(second.Adopt().adopt().daemon_data().size(), size_t{64} << 10);
}

TEST_F(AdoptionTest, FramesWithoutSenseEndTheChannelOnly) {
  const Client client = GoferUnderTest::Connect(*first_, "c");
  ASSERT_TRUE(first_->channel().Send("\xff\xff", {}, 1'000'000'000).ok());
  EXPECT_TRUE(first_->AwaitHangUp());
  FakeGoferd second(gofer_.socket_path());
  EXPECT_EQ(second.Adopt().adopt().connections_size(), 1);
  EXPECT_EQ(ReadFile(client, "hello"), "from the tree");
  v1::ToGofer nothing;
  EXPECT_EQ(second.Ask(nothing).failure().code(), v1::Failure::UNSUPPORTED);
}

TEST_F(AdoptionTest, NoCallFailsWhenGoferdGoesUnderLoad) {
  const Client client = GoferUnderTest::Connect(*first_, "c");
  std::atomic<bool> stop = false;
  std::atomic<int> calls = 0;
  std::atomic<int> failures = 0;
  std::thread load([&] {
    while (!stop.load()) {
      if (ReadFile(client, "hello") != "from the tree") ++failures;
      ++calls;
    }
  });
  for (int i = 0; i < 10; ++i) {
    const int before = calls.load();
    first_.reset();
    while (calls.load() < before + 20) std::this_thread::yield();
    first_ = std::make_unique<FakeGoferd>(gofer_.socket_path());
    EXPECT_EQ(first_->Adopt().adopt().connections_size(), 1);
  }
  stop = true;
  load.join();
  EXPECT_EQ(failures.load(), 0);
}

TEST_F(AdoptionTest, AGoferdThatAsksForPagesGetsListsInPages) {
  constexpr size_t kBytes = size_t{10} << 10;
  for (int i = 0; i < 12; ++i) {
    v1::ToGofer start = GoferUnderTest::MakeStart("c" + std::to_string(10 + i));
    start.mutable_start_connection()->set_daemon_data(std::string(kBytes, 'd'));
    ASSERT_FALSE(first_->Ask(start).has_failure());
  }
  for (int i = 0; i < 4; ++i) {
    first_->Stop("c" + std::to_string(10 + 3 * i), v1::StopConnection::ABORT);
  }
  for (const v1::Event& event : first_->events()) {
    EXPECT_TRUE(event.connection_changed().daemon_data().empty());
  }
  FakeGoferd second(gofer_.socket_path());
  v1::ToGofer adopt;
  *adopt.mutable_adopt()->mutable_party() = FakeGoferd::Party();
  adopt.mutable_adopt()->mutable_party()->add_capabilities(
      v1::CAPABILITY_PAGES);
  const v1::Response response = second.Ask(adopt);
  EXPECT_TRUE(response.adopt().lists_left_out());
  EXPECT_EQ(response.adopt().connections_size(), 0);
  const auto uids = [&](v1::ListConnections::Which which, bool with_data) {
    std::vector<std::string> told;
    v1::ToGofer ask;
    auto& list = *ask.mutable_list_connections();
    list.set_which(which);
    list.set_without_daemon_data(!with_data);
    list.mutable_page()->set_max_bytes(3 * kBytes);
    do {
      const v1::ConnectionList page = second.Ask(ask).connections();
      EXPECT_LE(page.connections_size(), with_data ? 2 : 8);
      for (const v1::Connection& connection : page.connections()) {
        EXPECT_EQ(connection.daemon_data().size(), with_data ? kBytes : 0);
        told.push_back(connection.uid());
      }
      list.mutable_page()->set_after_uid(page.next_after_uid());
    } while (!list.page().after_uid().empty());
    return told;
  };
  using testing::ElementsAre;
  EXPECT_THAT(
      uids(v1::ListConnections::LIVE, true),
      ElementsAre("c11", "c12", "c14", "c15", "c17", "c18", "c20", "c21"));
  EXPECT_THAT(uids(v1::ListConnections::LIVE, false), testing::SizeIs(8));
  EXPECT_THAT(uids(v1::ListConnections::ENDED, true),
              ElementsAre("c10", "c13", "c16", "c19"));
  EXPECT_THAT(uids(v1::ListConnections::WHICH_UNSPECIFIED, true),
              testing::SizeIs(12));
  // One that does not ask for pages gets all at once.
  FakeGoferd third(gofer_.socket_path());
  EXPECT_EQ(third.Adopt().adopt().connections_size(), 12);
}

// Its events fill the socket and the queue; it is dropped, nobody waits.
TEST_F(AdoptionTest, AGoferdThatDoesNotReadHoldsNobodyUp) {
  const Client client = GoferUnderTest::Connect(*first_, "c");
  v1::ToGofer start = GoferUnderTest::MakeStart("d");
  start.mutable_start_connection()->set_daemon_data(std::string(16 << 10, 'd'));
  v1::ToGofer stop;
  stop.mutable_stop_connection()->set_uid("d");
  stop.mutable_stop_connection()->set_mode(v1::StopConnection::CLOSE);
  stop.mutable_stop_connection()->set_reason(v1::END_REASON_ADMIN_STOP);
  // Requests are read only while answers go out, so these stay unread.
  for (int i = 0; i < 20; ++i) {
    start.set_request_id(static_cast<uint64_t>(100 + i));
    start.mutable_start_connection()->set_uid("d" + std::to_string(i));
    if (!first_->channel()
             .Send(start.SerializeAsString(), {}, 50'000'000)
             .ok()) {
      break;
    }
  }
  EXPECT_EQ(ReadFile(client, "hello"), "from the tree");
  FakeGoferd second(gofer_.socket_path());
  EXPECT_TRUE(second.Adopt().has_adopt());
  EXPECT_EQ(second.Count().active(), 1u);
}

}  // namespace
}  // namespace gofer::test
