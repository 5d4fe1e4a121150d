#include "controlplane/supervisor/connection_operations.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

#include "controlplane/errors/error.h"

namespace goferd::supervisor {
namespace {

using errors::Reason;
using gofer::base::MutexLock;
using gofer::base::UniqueFd;

constexpr gofer::uds::PeerCredentials kPeer = {.pid = 7, .uid = 0, .gid = 0};
constexpr absl::Duration kRetention = absl::Minutes(10);

class ConnectionOperationsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "connections-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    base_ = pattern;
    auto state = state::StateDirectory::Open(base_ + "/goferd");
    ASSERT_TRUE(state.ok()) << state.status();
    auto loop = event_loop::EventLoop::Start();
    ASSERT_TRUE(loop.ok()) << loop.status();
    config::v1::DaemonConfig config;
    config.set_max_kept_events(100);
    config.mutable_attach()->set_max_pending_tickets(10);
    context_ = std::make_unique<gofers::Context>(config, *std::move(state),
                                                 *std::move(loop), 1);
  }
  void TearDown() override {
    context_.reset();
    std::filesystem::remove_all(base_);
  }

  // A server without a gofer, with a pending connection.
  model::Model::ServerPtr AddPending() {
    auto server = std::make_shared<model::ServerRecord>();
    server->id = "web";
    server->resource.set_name(model::ServerName("web"));
    server->resource.set_state(admin::Server::ACTIVE);
    admin::Connection connection;
    connection.set_name(model::ConnectionName("web", "c1"));
    connection.set_uid("uid");
    connection.set_state(admin::Connection::PENDING_ATTACH);
    MutexLock lock(context_->model.mu);
    context_->model.Add(server);
    context_->model.Announce(
        *server, context_->model.AddConnection(*server, connection));
    return server;
  }

  std::string base_;
  std::unique_ptr<gofers::Context> context_;
};

TEST_F(ConnectionOperationsTest, OneThatEndsWhileItsTicketIsUsedIsNotPending) {
  const auto server = AddPending();
  const auto ticket =
      context_->tickets.Issue({"web", "c1", "uid"}, admin::ATTACH_MODE_TAKE,
                              std::nullopt, absl::InfiniteFuture());
  ASSERT_TRUE(ticket.ok()) << ticket.status();
  ConnectionOperations operations(*context_);
  const auto claims =
      operations.ClaimTickets({*ticket}, kPeer, admin::ATTACH_MODE_TAKE);
  ASSERT_TRUE(claims.ok()) << claims.status();
  {
    MutexLock lock(context_->model.mu);
    context_->model.End(*server,
                        *context_->model.FindConnection(*server, "uid"),
                        admin::Connection::ADMIN_STOP, "", kRetention);
  }
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const UniqueFd client(ends[1]);
  const absl::Status attached =
      operations.Attach(claims->front(), UniqueFd(ends[0]), kPeer);
  EXPECT_EQ(attached.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(errors::ReasonOf(attached), Reason::CONNECTION_NOT_PENDING);
  EXPECT_NE(attached.message().find("start another"), absl::string_view::npos);
  // The client is told by the end of its socket.
  char byte;
  EXPECT_EQ(::read(client.get(), &byte, 1), 0);
}

}  // namespace
}  // namespace goferd::supervisor
