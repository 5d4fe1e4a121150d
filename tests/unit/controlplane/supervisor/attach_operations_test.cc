#include "controlplane/supervisor/attach_operations.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

#include "controlplane/errors/error.h"
#include "controlplane/names/resource_name.h"
#include "controlplane/supervisor/ticket_issuer.h"
#include "tests/unit/controlplane/gofers/node_parts.h"

namespace goferd::supervisor {
namespace {

using errors::Reason;
using gofer::base::UniqueFd;

constexpr gofer::uds::PeerCredentials kPeer = {.pid = 7, .uid = 0, .gid = 0};
constexpr absl::Duration kRetention = absl::Minutes(10);

class AttachOperationsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "connections-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    base_ = pattern;
    config::v1::DaemonConfig config;
    config.set_max_kept_events(100);
    config.mutable_attach()->set_max_pending_tickets(10);
    parts_ = std::make_unique<gofers::NodeParts>(config, base_ + "/goferd");
    issuer_ = std::make_unique<TicketIssuer>(parts_->model, parts_->tickets,
                                             parts_->settings);
  }
  void TearDown() override {
    issuer_.reset();
    parts_->threads.Stop();
    parts_.reset();
    std::filesystem::remove_all(base_);
  }

  // Adds a server without a gofer, with a pending connection.
  model::ServerPtr AddPending() {
    model::ServerRecord record;
    record.id = "web";
    record.resource.set_name(names::FormatServerName("web"));
    record.resource.set_state(admin::Server::ACTIVE);
    const auto server = std::make_shared<model::ServerEntry>(std::move(record));
    admin::Connection connection;
    connection.set_name(names::FormatConnectionName("web", "c1"));
    connection.set_uid("uid");
    connection.set_state(admin::Connection::PENDING_ATTACH);
    const model::ModelLock lock(parts_->model);
    parts_->model.Add(lock, server);
    parts_->model.Announce(lock, parts_->model.AddConnection(
                                     lock, server->record(lock), connection));
    return server;
  }

  std::string base_;
  std::unique_ptr<gofers::NodeParts> parts_;
  std::unique_ptr<TicketIssuer> issuer_;
};

TEST_F(AttachOperationsTest, RejectsConnectionThatEndedWhileItsTicketWasUsed) {
  const auto server = AddPending();
  const auto ticket =
      parts_->tickets.Issue({"web", "c1", "uid"}, admin::ATTACH_MODE_TAKE,
                            std::nullopt, absl::InfiniteFuture());
  ASSERT_TRUE(ticket.ok()) << ticket.status();
  AttachOperations operations(parts_->model, parts_->tickets, parts_->threads,
                              parts_->settings, *issuer_);
  const auto claims =
      operations.ClaimTickets({*ticket}, kPeer, admin::ATTACH_MODE_TAKE);
  ASSERT_TRUE(claims.ok()) << claims.status();
  {
    const model::ModelLock lock(parts_->model);
    model::ServerRecord& record = server->record(lock);
    parts_->model.End(lock, record,
                      *parts_->model.FindConnection(lock, record, "uid"),
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
  // The client sees the end of its socket.
  char byte;
  EXPECT_EQ(::read(client.get(), &byte, 1), 0);
}

}  // namespace
}  // namespace goferd::supervisor
