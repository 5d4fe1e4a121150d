#include "server/lisafs/server.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <memory>
#include <optional>
#include <set>
#include <thread>
#include <vector>

#include "server/uds/unix_socket.h"
#include "tests/support/process_counts.h"
#include "tests/support/served_tree.h"

namespace gofer::lisafs {
namespace {

class ServerTest : public testing::Test {
 protected:
  base::ErrnoOr<std::shared_ptr<Connection>> Create(
      absl::string_view path, const ConnectionOptions& options = {}) {
    auto sockets = uds::MakeSocketPair(uds::SocketType::kStream);
    EXPECT_TRUE(sockets.ok());
    peers_.push_back(std::move(sockets->second));
    return served_.server().CreateConnection(
        std::move(sockets->first), path, options,
        served_.tree().MakeBackend(options.level, {}));
  }
  Server& server() { return served_.server(); }

  std::vector<base::UniqueFd> peers_;
  test::ServedTree served_{test::TestTree::Kind::kMemory};
};

TEST_F(ServerTest, ConnectionKnowsWhatItWasMadeWith) {
  ConnectionOptions options;
  options.access = Access::kReadOnly;
  const auto connection = Create("/a/../b//", options);
  ASSERT_TRUE(connection.ok());
  EXPECT_EQ((*connection)->mount_path(), "/b");
  EXPECT_EQ((*connection)->options().access, Access::kReadOnly);
  EXPECT_EQ((*connection)->state(), ConnectionState::kCreated);
  EXPECT_EQ((*connection)->end_reason(), EndReason::kNone);
  EXPECT_EQ(&(*connection)->server(), &server());
  EXPECT_EQ(server().ActiveConnectionCount(), 0);
}

TEST_F(ServerTest, RefusesBadArguments) {
  EXPECT_EQ(Create("relative").error(), base::Errno(EINVAL));
  EXPECT_EQ(Create("").error(), base::Errno(EINVAL));
  ConnectionOptions options;
  options.max_message_size = 4095;
  EXPECT_EQ(Create("/", options).error(), base::Errno(EINVAL));
  options.max_message_size = wire::kMaxMessageSize + 1;
  EXPECT_EQ(Create("/", options).error(), base::Errno(EINVAL));
  const auto no_backend =
      server().CreateConnection(base::UniqueFd(), "/", {}, nullptr);
  EXPECT_EQ(no_backend.error(), base::Errno(EINVAL));
}

TEST_F(ServerTest, ConnectionStartsOnce) {
  const auto connection = Create("/scratch");
  ASSERT_TRUE(connection.ok());
  EXPECT_TRUE(server().StartConnection(*connection).ok());
  EXPECT_EQ(server().StartConnection(*connection).error(), base::Errno(EINVAL));
  EXPECT_EQ(server().ActiveConnectionCount(), 1);
  peers_.clear();
  server().Wait();
  EXPECT_EQ(server().StartConnection(*connection).error(), base::Errno(EINVAL));
}

TEST_F(ServerTest, ConnectionThatIsNeverStartedLeavesNothing) {
  const auto before = test::ProcessCounts::Take();
  {
    const auto connection = Create("/scratch");
    ASSERT_TRUE(connection.ok());
    (*connection)->Stop(StopMode::kAbort, EndReason::kAdminStop);
    EXPECT_EQ((*connection)->end_reason(), EndReason::kNone);
  }
  peers_.clear();
  EXPECT_EQ(test::ProcessCounts::Take(), before);
}

TEST_F(ServerTest, ConnectionMayGetItsSocketWhenItStarts) {
  const auto connection = server().CreateConnection(
      "/scratch", {}, served_.tree().MakeBackend({}, {}));
  ASSERT_TRUE(connection.ok());
  EXPECT_EQ(server().StartConnection(*connection).error(), base::Errno(EINVAL));
  EXPECT_EQ(server().StartConnection(*connection, base::UniqueFd()).error(),
            base::Errno(EINVAL));
  EXPECT_EQ((*connection)->state(), ConnectionState::kCreated);
  auto sockets = uds::MakeSocketPair(uds::SocketType::kStream);
  ASSERT_TRUE(sockets.ok());
  ASSERT_TRUE(
      server().StartConnection(*connection, std::move(sockets->first)).ok());
  test::FileClient client(std::move(sockets->second));
  EXPECT_TRUE(client.Mount().ok());
  auto more = uds::MakeSocketPair(uds::SocketType::kStream);
  ASSERT_TRUE(more.ok());
  EXPECT_EQ(
      server().StartConnection(*connection, std::move(more->first)).error(),
      base::Errno(EINVAL));
  EXPECT_TRUE(client.Mount().ok());
}

TEST_F(ServerTest, ConnectionWithoutASocketLeavesNothing) {
  const auto before = test::ProcessCounts::Take();
  {
    const auto connection = server().CreateConnection(
        "/scratch", {}, served_.tree().MakeBackend({}, {}));
    ASSERT_TRUE(connection.ok());
    (*connection)->Stop(StopMode::kAbort, EndReason::kAttachTimeout, "late");
    EXPECT_EQ((*connection)->end_reason(), EndReason::kNone);
    EXPECT_EQ((*connection)->end_detail(), "");
  }
  EXPECT_EQ(test::ProcessCounts::Take(), before);
}

TEST_F(ServerTest, ChannelsOfAllConnectionsAreLimited) {
  server().SetMaxChannels(2);
  test::Session one = served_.Mount();
  test::Session two = served_.Mount();
  ASSERT_EQ(one->OpenChannel(), 0);
  ASSERT_EQ(two->OpenChannel(), 0);
  EXPECT_EQ(two->OpenChannel(), ENOMEM);
  EXPECT_EQ(server().ChannelCount(), 2u);
  EXPECT_TRUE(two->FStat(two.root).ok());
  server().SetMaxChannels(0);
  one.client.reset();
  while (server().ActiveConnectionCount() > 1) ::sched_yield();
  EXPECT_EQ(server().ChannelCount(), 1u);
  EXPECT_EQ(one.connection->open_channel_count(), 0u);
  EXPECT_EQ(one.connection->channel_count(), 1u);
  EXPECT_EQ(two->OpenChannel(), ENOMEM);
  server().SetMaxChannels(2);
  EXPECT_EQ(two->OpenChannel(), 0);
}

TEST_F(ServerTest, CountsActiveConnectionsExactly) {
  std::vector<test::Session> sessions;
  for (int i = 1; i <= 5; ++i) {
    sessions.push_back(served_.Mount());
    EXPECT_EQ(server().ActiveConnectionCount(), i);
  }
  std::set<Connection::Id> ids;
  for (const auto& connection : server().Connections()) {
    EXPECT_TRUE(ids.insert(connection->id()).second);
    EXPECT_EQ(connection->state(), ConnectionState::kMounted);
  }
  EXPECT_EQ(ids.size(), 5u);
  sessions.clear();
  server().Wait();
  EXPECT_EQ(server().ActiveConnectionCount(), 0);
  EXPECT_TRUE(server().Connections().empty());
  EXPECT_EQ(server().NodeCount(), 1);
}

TEST_F(ServerTest, WaitWithoutConnectionsReturns) {
  server().Wait();
  server().Wait();
}

TEST_F(ServerTest, SeveralMayWait) {
  std::optional<test::Session> session = served_.Mount();
  std::vector<std::thread> waiters;
  for (int i = 0; i < 3; ++i) {
    waiters.emplace_back([this] {
      server().Wait();
      EXPECT_EQ(server().ActiveConnectionCount(), 0);
    });
  }
  session.reset();
  for (std::thread& waiter : waiters) waiter.join();
}

TEST_F(ServerTest, DestroyLeavesLiveConnectionsTheirFds) {
  test::Session session = served_.Mount();
  const test::FdId open = session->Opened(session.root, {"f"}, O_RDONLY);
  server().Destroy();
  EXPECT_EQ(session->PRead(open, 5, 0).data, "hello");
  EXPECT_TRUE(session->FStat(session.root).ok());
  EXPECT_TRUE(session->Walk(session.root, {"d1"}).ok());
  EXPECT_EQ(session->Mount().error, ENOENT);
  EXPECT_EQ(Create("/scratch").error(), base::Errno(ESHUTDOWN));
  EXPECT_GT(server().NodeCount(), 0);
  session.client.reset();
  server().Wait();
  EXPECT_EQ(server().NodeCount(), 0);
}

TEST(ServerDestructorTest, EndsConnectionsWhoseClientsHoldOn) {
  const auto before = test::ProcessCounts::Take();
  auto served =
      std::make_unique<test::ServedTree>(test::TestTree::Kind::kMemory);
  test::Session session = served->Mount();
  ASSERT_EQ(session->OpenChannel(), 0);
  session.connection.reset();
  served.reset();
  EXPECT_LT(session->FStat(session.root).error, 0);
  session.client.reset();
  EXPECT_EQ(test::ProcessCounts::Settled(before), before);
}

TEST(ServerCallbackTest, TellsOfTheEndOnceWhileItCountsAsActive) {
  std::atomic<int> calls = 0;
  Server* server = nullptr;
  std::atomic<int64_t> active = -1;
  const auto on_end = [&](const Connection& connection) {
    ++calls;
    EXPECT_EQ(connection.state(), ConnectionState::kEnded);
    EXPECT_EQ(connection.end_reason(), EndReason::kClientEof);
    EXPECT_EQ(connection.fd_counts().control, 0u);
    active = server->ActiveConnectionCount();
  };
  test::ServedTree served(test::TestTree::Kind::kMemory, on_end);
  server = &served.server();
  { test::Session session = served.Mount(); }
  server->Wait();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(active, 1);
}

TEST(ServerCallbackTest, TellsOnceThatAClientHasMounted) {
  std::atomic<int> calls = 0;
  const auto tree = test::TestTree::Make(test::TestTree::Kind::kMemory);
  tree->MakeDirectory("/scratch");
  Server server(tree->server_options(), nullptr,
                [&](const Connection& mounted) {
                  ++calls;
                  EXPECT_EQ(mounted.state(), ConnectionState::kMounted);
                });
  const auto connection =
      server.CreateConnection("/scratch", {}, tree->MakeBackend({}, {}));
  ASSERT_TRUE(connection.ok());
  auto sockets = uds::MakeSocketPair(uds::SocketType::kStream);
  ASSERT_TRUE(sockets.ok());
  ASSERT_TRUE(
      server.StartConnection(*connection, std::move(sockets->first)).ok());
  test::FileClient client(std::move(sockets->second));
  EXPECT_EQ(calls, 0);
  EXPECT_TRUE(client.Mount().ok());
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(client.Mount().ok());
  EXPECT_EQ(calls, 1);
}

TEST_F(ServerTest, EachConnectionLeavesExactlyWhatWasThere) {
  { test::Session warm = served_.Mount(); }
  server().Wait();
  const auto before = test::ProcessCounts::Settled(test::ProcessCounts::Take());
  for (int i = 0; i < 20; ++i) {
    {
      test::Session session = served_.Mount();
      ASSERT_EQ(session->OpenChannel(), 0);
      ASSERT_EQ(session->OpenChannel(), 0);
      session->Opened(session.root, {"f"}, O_RDWR);
      session->Opened(session.root, {"d1", "d2"}, O_RDONLY);
      session->To(session.root, {"d1", "d2", "d3"});
    }
    server().Wait();
    ASSERT_EQ(test::ProcessCounts::Settled(before), before);
    ASSERT_EQ(server().NodeCount(), 1);
  }
}

}  // namespace
}  // namespace gofer::lisafs
