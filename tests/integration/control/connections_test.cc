// Connections over the control socket: made, served, counted, ended.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "server/base/clock.h"
#include "server/uds/unix_socket.h"
#include "server/wire/message_id.h"
#include "tests/integration/control/gofer_under_test.h"

namespace gofer::test {
namespace {

using client::Client;
using testing::ElementsAre;

class ConnectionsTest : public testing::Test {
 protected:
  ConnectionsTest() {
    gofer_.root().Write("hello", "from the tree");
    gofer_.root().Write("sub/inner", "from below");
    goferd_ = gofer_.Start(MayMount() ? v1::SANDBOX_MODE_STRICT
                                      : v1::SANDBOX_MODE_FULL);
  }

  v1::Failure::Code StartFailure(const v1::ToGofer& message) {
    return goferd_->Ask(message).failure().code();
  }

  v1::Stats StatsOf(const std::string& uid) {
    v1::ToGofer message;
    if (uid.empty()) {
      message.mutable_get_stats()->mutable_server_total();
    } else {
      message.mutable_get_stats()->set_connection_uid(uid);
    }
    const v1::Response response = goferd_->Ask(message);
    EXPECT_EQ(response.stats().stats_size(), 1) << response.failure().text();
    return response.stats().stats_size() == 1 ? response.stats().stats(0)
                                              : v1::Stats();
  }

  GoferUnderTest gofer_;
  std::unique_ptr<FakeGoferd> goferd_;
};

TEST_F(ConnectionsTest, ALifeWithItsEvents) {
  const v1::Response created =
      goferd_->Ask(GoferUnderTest::MakeStart("c", "//sub/."));
  EXPECT_EQ(created.connection().mount_path(), "/sub");
  EXPECT_EQ(created.connection().daemon_data(), "data of c");
  EXPECT_GT(created.connection().create_unix_ns(), 0);
  ASSERT_EQ(goferd_->events().size(), 1u) << "before the answer";
  EXPECT_EQ(goferd_->events()[0].event_number(), 1u);
  {
    auto socket = GoferUnderTest::Attach(*goferd_, "c");
    auto client = Client::Mount(std::move(socket));
    ASSERT_TRUE(client.ok());
    EXPECT_EQ(ReadFile(*client, "inner"), "from below");
    const auto mounted = goferd_->AwaitState("c", v1::CONNECTION_STATE_MOUNTED);
    EXPECT_GE(mounted.mount_unix_ns(), mounted.attach_unix_ns());
    // Events are without it: goferd has given it itself.
    EXPECT_EQ(mounted.daemon_data(), "");
    EXPECT_EQ(goferd_->Count().active(), 1u);
  }
  const auto ended = goferd_->AwaitState("c", v1::CONNECTION_STATE_ENDED);
  EXPECT_EQ(ended.end_reason(), v1::END_REASON_CLIENT_EOF);
  EXPECT_GE(ended.end_unix_ns(), ended.mount_unix_ns());
  EXPECT_EQ(goferd_->Count().active(), 0u);
  const v1::ConnectionList list = goferd_->List();
  ASSERT_EQ(list.connections_size(), 1) << "it is remembered";
  EXPECT_EQ(list.connections(0).state(), v1::CONNECTION_STATE_ENDED);
  EXPECT_GT(StatsOf("c").messages_size(), 0) << "its stats are, too";
}

TEST_F(ConnectionsTest, RejectsConnectionsThatCannotBeStarted) {
  EXPECT_EQ(StartFailure(GoferUnderTest::MakeStart("")),
            v1::Failure::MALFORMED);
  EXPECT_EQ(StartFailure(GoferUnderTest::MakeStart("c", "relative")),
            v1::Failure::MALFORMED);
  EXPECT_EQ(StartFailure(GoferUnderTest::MakeStart("c", "/missing")),
            v1::Failure::HOST_ERROR);
  v1::ToGofer message = GoferUnderTest::MakeStart("c");
  message.mutable_start_connection()->mutable_options()->set_max_fds(0);
  EXPECT_EQ(StartFailure(message), v1::Failure::MALFORMED);
  message = GoferUnderTest::MakeStart("c");
  message.mutable_start_connection()->set_daemon_data(
      std::string((16 << 10) + 1, 'x'));
  EXPECT_EQ(StartFailure(message), v1::Failure::MALFORMED);
  EXPECT_FALSE(goferd_->Ask(GoferUnderTest::MakeStart("c")).has_failure());
  EXPECT_EQ(StartFailure(GoferUnderTest::MakeStart("c")),
            v1::Failure::ALREADY_EXISTS);
  EXPECT_EQ(goferd_->List().connections_size(), 1);
}

TEST_F(ConnectionsTest, WrongDescriptorsLeaveItPending) {
  ASSERT_FALSE(goferd_->Ask(GoferUnderTest::MakeStart("c")).has_failure());
  v1::ToGofer attach;
  attach.mutable_attach_connection()->set_uid("c");
  EXPECT_EQ(goferd_->Ask(attach).failure().code(), v1::Failure::MALFORMED);
  const base::UniqueFd file(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const int one[] = {file.get()};
  EXPECT_EQ(goferd_->Ask(attach, one).failure().code(), v1::Failure::MALFORMED);
  const int two[] = {file.get(), file.get()};
  EXPECT_EQ(goferd_->Ask(attach, two).failure().code(), v1::Failure::MALFORMED);
  v1::ToGofer list;
  list.mutable_list_connections();
  EXPECT_EQ(goferd_->Ask(list, one).failure().code(), v1::Failure::MALFORMED);
  attach.mutable_attach_connection()->set_uid("nobody");
  EXPECT_EQ(goferd_->Ask(attach, one).failure().code(), v1::Failure::NOT_FOUND);
  EXPECT_EQ(goferd_->Count().pending(), 1u);
  auto client = Client::Mount(GoferUnderTest::Attach(*goferd_, "c"));
  ASSERT_TRUE(client.ok());
  attach.mutable_attach_connection()->set_uid("c");
  EXPECT_EQ(goferd_->Ask(attach, one).failure().code(),
            v1::Failure::WRONG_STATE);
}

TEST_F(ConnectionsTest, StartsAsManyAsTheLimitAllows) {
  v1::ToGofer limits;
  v1::ServerLimits& wanted = *limits.mutable_set_limits()->mutable_limits();
  wanted.set_max_connections(2);
  wanted.set_max_fds(900);
  wanted.set_max_channels(0);
  ASSERT_FALSE(goferd_->Ask(limits).has_failure());
  const Client one = GoferUnderTest::Connect(*goferd_, "one");
  ASSERT_FALSE(goferd_->Ask(GoferUnderTest::MakeStart("two")).has_failure());
  EXPECT_EQ(StartFailure(GoferUnderTest::MakeStart("three")),
            v1::Failure::CONNECTION_LIMIT);
  EXPECT_EQ(
      goferd_->Stop("two", v1::StopConnection::CLOSE).connection().state(),
      v1::CONNECTION_STATE_ENDED)
      << "one that was not started ends at once";
  EXPECT_FALSE(goferd_->Ask(GoferUnderTest::MakeStart("three")).has_failure());
  wanted.set_max_fds(UINT32_MAX);
  EXPECT_EQ(goferd_->Ask(limits).failure().code(), v1::Failure::HOST_ERROR);
  wanted.set_max_fds(1);
  EXPECT_EQ(goferd_->Ask(limits).failure().code(), v1::Failure::MALFORMED);
}

TEST_F(ConnectionsTest, OffersNoChannelsWithoutALimitForThem) {
  v1::ToGofer limits;
  v1::ServerLimits& wanted = *limits.mutable_set_limits()->mutable_limits();
  wanted.set_max_connections(2);
  wanted.set_max_fds(900);
  ASSERT_FALSE(goferd_->Ask(limits).has_failure());
  Client client = GoferUnderTest::Connect(*goferd_, "c");
  EXPECT_FALSE(client.StartChannels(1).ok());
  wanted.set_max_channels(1);
  ASSERT_FALSE(goferd_->Ask(limits).has_failure());
  EXPECT_TRUE(client.StartChannels(1).ok());
  EXPECT_EQ(StatsOf("c").channel_count(), 1u);
}

TEST_F(ConnectionsTest, StopsInEachMode) {
  Client client = GoferUnderTest::Connect(*goferd_, "c");
  auto file = client.root().WalkPath("hello");
  ASSERT_TRUE(file.ok());
  {
    const auto open = file->Open(O_RDONLY);
    ASSERT_TRUE(open.ok());
    EXPECT_EQ(
        goferd_->Stop("c", v1::StopConnection::DRAIN).connection().state(),
        v1::CONNECTION_STATE_DRAINING);
    EXPECT_EQ(ReadFile(client, "hello"), "from the tree") << "still served";
  }
  const auto closing = goferd_->Stop("c", v1::StopConnection::CLOSE);
  EXPECT_FALSE(closing.has_failure());
  const auto ended = goferd_->AwaitState("c", v1::CONNECTION_STATE_ENDED);
  EXPECT_EQ(ended.end_reason(), v1::END_REASON_ADMIN_STOP);
  EXPECT_EQ(ended.end_detail(), "by a test");
  EXPECT_EQ(goferd_->Stop("c", v1::StopConnection::ABORT).connection().state(),
            v1::CONNECTION_STATE_ENDED)
      << "as it is";
  EXPECT_EQ(goferd_->Stop("nobody", v1::StopConnection::ABORT).failure().code(),
            v1::Failure::NOT_FOUND);
  EXPECT_EQ(
      goferd_->Stop("c", v1::StopConnection::MODE_UNSPECIFIED).failure().code(),
      v1::Failure::MALFORMED);
}

TEST_F(ConnectionsTest, ADrainBecomesAnAbort) {
  Client client = GoferUnderTest::Connect(*goferd_, "c");
  const auto open = client.root().WalkPath("hello")->Open(O_RDONLY);
  ASSERT_TRUE(open.ok());
  v1::ToGofer stop;
  stop.mutable_stop_connection()->set_uid("c");
  stop.mutable_stop_connection()->set_mode(v1::StopConnection::DRAIN);
  stop.mutable_stop_connection()->set_reason(v1::END_REASON_ADMIN_STOP);
  stop.mutable_stop_connection()->set_abort_after_ns(20'000'000);
  ASSERT_FALSE(goferd_->Ask(stop).has_failure());
  goferd_->AwaitState("c", v1::CONNECTION_STATE_ENDED);
}

TEST_F(ConnectionsTest, ADrainingServerTakesNoConnections) {
  const Client client = GoferUnderTest::Connect(*goferd_, "served");
  ASSERT_FALSE(goferd_->Ask(GoferUnderTest::MakeStart("idle")).has_failure());
  v1::ToGofer drain;
  drain.mutable_set_draining()->set_draining(true);
  ASSERT_FALSE(goferd_->Ask(drain).has_failure());
  EXPECT_EQ(StartFailure(GoferUnderTest::MakeStart("late")),
            v1::Failure::DRAINING);
  EXPECT_EQ(goferd_->List().connections_size(), 1) << "idle is forgotten";
  EXPECT_EQ(ReadFile(client, "hello"), "from the tree");
  drain.mutable_set_draining()->set_draining(false);
  ASSERT_FALSE(goferd_->Ask(drain).has_failure());
  EXPECT_FALSE(goferd_->Ask(GoferUnderTest::MakeStart("idle")).has_failure());
}

TEST_F(ConnectionsTest, StatsCount) {
  const Client client = GoferUnderTest::Connect(*goferd_, "c");
  EXPECT_EQ(ReadFile(client, "hello"), "from the tree");
  EXPECT_EQ(ReadFile(client, "missing"), absl::StrCat("errno ", ENOENT));
  const v1::Stats stats = StatsOf("c");
  uint64_t reads = 0;
  uint64_t calls = 0;
  for (const v1::MessageStats& message : stats.messages()) {
    calls += message.calls();
    uint64_t timed = 0;
    for (const uint64_t bucket : message.latency_buckets()) timed += bucket;
    EXPECT_EQ(timed, message.calls());
    if (message.mid() == static_cast<uint32_t>(wire::MessageId::kPRead)) {
      reads = message.calls();
    }
  }
  EXPECT_EQ(reads, 1u);
  EXPECT_EQ(stats.socket().calls() + stats.channels().calls(), calls);
  EXPECT_GT(stats.control_fd_count(), 0u);
  EXPECT_GT(stats.node_count(), 0u);
  const v1::Stats total = StatsOf("");
  EXPECT_TRUE(total.connection_uid().empty());
  EXPECT_EQ(total.socket().calls(), stats.socket().calls());
  v1::ToGofer unknown;
  unknown.mutable_get_stats()->set_connection_uid("nobody");
  EXPECT_EQ(goferd_->Ask(unknown).failure().code(), v1::Failure::NOT_FOUND);
  unknown.mutable_get_stats()->clear_target();
  EXPECT_EQ(goferd_->Ask(unknown).failure().code(), v1::Failure::MALFORMED);
}

TEST_F(ConnectionsTest, LongListsComeInParts) {
  v1::ToGofer limits;
  v1::ServerLimits& wanted = *limits.mutable_set_limits()->mutable_limits();
  wanted.set_max_connections(1000);
  wanted.set_max_fds(900);
  ASSERT_FALSE(goferd_->Ask(limits).has_failure());
  constexpr int kCount = 200;
  for (int i = 0; i < kCount; ++i) {
    v1::ToGofer start = GoferUnderTest::MakeStart(absl::StrCat("c", 1000 + i));
    start.mutable_start_connection()->set_daemon_data(
        std::string(16 << 10, 'd'));
    ASSERT_FALSE(goferd_->Ask(start).has_failure());
  }
  const v1::ConnectionList list = goferd_->List();
  ASSERT_EQ(list.connections_size(), kCount);
  for (int i = 0; i < kCount; ++i) {
    EXPECT_EQ(list.connections(i).uid(), absl::StrCat("c", 1000 + i));
  }
  EXPECT_EQ(goferd_->Adopt().failure().code(), v1::Failure::WRONG_STATE);
}

TEST_F(ConnectionsTest, TheRootIsDonatedAsAMountOfItsOwn) {
  if (!MayMount()) GTEST_SKIP() << "needs root, to clone mounts";
  v1::ToGofer start = GoferUnderTest::MakeStart("c");
  v1::ConnectionOptions& options =
      *start.mutable_start_connection()->mutable_options();
  options.set_donate_host_fds(v1::ConnectionOptions::FILES_AND_MOUNT_POINT);
  options.set_readonly(true);
  ASSERT_FALSE(goferd_->Ask(start).has_failure());
  auto client = Client::Mount(GoferUnderTest::Attach(*goferd_, "c"));
  ASSERT_TRUE(client.ok());
  ASSERT_GE(client->mount_fd(), 0);
  const base::UniqueFd inside(
      ::openat(client->mount_fd(), "hello", O_RDONLY | O_CLOEXEC));
  EXPECT_TRUE(inside.valid());
  const base::UniqueFd above(
      ::openat(client->mount_fd(), "..", O_PATH | O_CLOEXEC));
  EXPECT_EQ(::faccessat(above.get(), "hello", F_OK, 0), 0) << "it ends there";
  EXPECT_EQ(::openat(client->mount_fd(), "new", O_CREAT | O_WRONLY, 0600), -1);
  EXPECT_EQ(errno, EROFS);
  start = GoferUnderTest::MakeStart("d", "/sub");
  start.mutable_start_connection()->mutable_options()->set_donate_host_fds(
      v1::ConnectionOptions::FILES_AND_MOUNT_POINT);
  EXPECT_EQ(StartFailure(start), v1::Failure::UNSUPPORTED);
}

TEST_F(ConnectionsTest, ItIsToldWhoHasAMountPointsFd) {
  if (!MayMount()) GTEST_SKIP() << "needs root, to clone mounts";
  const auto mount_fd_of = [&](absl::string_view uid) {
    const v1::ConnectionList list = goferd_->List();
    for (const v1::Connection& connection : list.connections()) {
      if (connection.uid() == uid) return connection.mount_fd();
    }
    return v1::MOUNT_FD_UNSPECIFIED;
  };
  v1::ToGofer start = GoferUnderTest::MakeStart("holds");
  start.mutable_start_connection()->mutable_options()->set_donate_host_fds(
      v1::ConnectionOptions::FILES_AND_MOUNT_POINT);
  ASSERT_FALSE(goferd_->Ask(start).has_failure());
  ASSERT_FALSE(goferd_->Ask(GoferUnderTest::MakeStart("asks")).has_failure());
  EXPECT_EQ(mount_fd_of("holds"), v1::MOUNT_FD_POSSIBLE);
  EXPECT_EQ(mount_fd_of("asks"), v1::MOUNT_FD_WITHHELD);
  auto holds = Client::Mount(GoferUnderTest::Attach(*goferd_, "holds"));
  auto asks = Client::Mount(GoferUnderTest::Attach(*goferd_, "asks"));
  ASSERT_TRUE(holds.ok() && asks.ok());
  const v1::Event event = goferd_->AwaitEvent([](const v1::Event& one) {
    return one.connection_changed().uid() == "holds" &&
           one.connection_changed().state() == v1::CONNECTION_STATE_MOUNTED;
  });
  EXPECT_EQ(event.connection_changed().mount_fd(), v1::MOUNT_FD_DONATED);
  EXPECT_EQ(mount_fd_of("asks"), v1::MOUNT_FD_WITHHELD);
}

TEST_F(ConnectionsTest, AMountThatARuleAnswersWithoutAnFdIsToldOf) {
  if (!MayMount()) GTEST_SKIP() << "needs root, to clone mounts";
  v1::ToGofer change;
  v1::Rule& rule = *change.mutable_change_rules()->add_upsert();
  rule.set_uid("refusal");
  rule.set_rule_id("refusal");
  rule.mutable_refuse_fd_donation();
  ASSERT_FALSE(goferd_->Ask(std::move(change)).has_failure());
  v1::ToGofer start = GoferUnderTest::MakeStart("c");
  start.mutable_start_connection()->mutable_options()->set_donate_host_fds(
      v1::ConnectionOptions::FILES_AND_MOUNT_POINT);
  ASSERT_FALSE(goferd_->Ask(start).has_failure());
  auto client = Client::Mount(GoferUnderTest::Attach(*goferd_, "c"));
  ASSERT_TRUE(client.ok());
  EXPECT_EQ(client->mount_fd(), -1);
  const v1::Event event = goferd_->AwaitEvent([](const v1::Event& one) {
    return one.connection_changed().state() == v1::CONNECTION_STATE_MOUNTED;
  });
  EXPECT_EQ(event.connection_changed().mount_fd(), v1::MOUNT_FD_WITHHELD);
}

TEST_F(ConnectionsTest, PressureComesAndGoes) {
  v1::ToGofer start = GoferUnderTest::MakeStart("c");
  start.mutable_start_connection()->mutable_options()->set_max_fds(10);
  ASSERT_FALSE(goferd_->Ask(start).has_failure());
  auto client = Client::Mount(GoferUnderTest::Attach(*goferd_, "c"));
  ASSERT_TRUE(client.ok());
  const auto await = [&](bool active) {
    return goferd_->AwaitEvent([&](const v1::Event& event) {
      return event.condition_changed().type() ==
                 v1::ConditionChanged::FD_PRESSURE &&
             event.condition_changed().active() == active;
    });
  };
  {
    std::vector<client::ControlFile> files;
    for (int i = 0; i < 8; ++i) {
      auto file = client->root().WalkPath("hello");
      ASSERT_TRUE(file.ok());
      files.push_back(*std::move(file));
    }
    EXPECT_EQ(await(true).condition_changed().connection_uid(), "c");
  }
  ASSERT_TRUE(client->FlushCloses().ok());
  EXPECT_EQ(await(false).condition_changed().connection_uid(), "c");
}

}  // namespace
}  // namespace gofer::test
