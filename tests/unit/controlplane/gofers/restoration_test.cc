#include "controlplane/gofers/restoration.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "controlplane/config/bounds.h"
#include "goferd/state/v1/state.pb.h"

namespace goferd::gofers {
namespace {

using gofer::base::MutexLock;

constexpr int kDefaultConnections = 3;
constexpr size_t kTickets = 100;

config::v1::DaemonConfig Config() {
  config::v1::DaemonConfig config;
  config.set_max_kept_events(1024);
  config.mutable_attach()->set_max_pending_tickets(kTickets);
  config.mutable_servers()->mutable_default_limits()->set_max_connections(
      kDefaultConnections);
  return config;
}

// A goferd that comes to a gofer with connections that wait for their clients.
class RestorationTest : public testing::Test {
 protected:
  RestorationTest() {
    std::string pattern = testing::TempDir() + "restoration-XXXXXX";
    base_ = ::mkdtemp(pattern.data());
    context_ =
        std::make_unique<Context>(Config(), *state::StateDirectory::Open(base_),
                                  *event_loop::EventLoop::Start(), 1);
    events_ = std::make_unique<GoferEvents>(*context_);
    rules_ = std::make_unique<supervisor::RuleOperations>(*context_);
    restoration_ = std::make_unique<Restoration>(*context_, *rules_, *events_);
    server_->id = "one";
    server_->resource.set_name(model::ServerName("one"));
    server_->resource.set_origin(admin::Server::CREATED);
    MutexLock lock(context_->model.mu);
    context_->model.Add(server_);
  }
  ~RestorationTest() override {
    context_->loop->Stop();
    restoration_.reset();
    rules_.reset();
    events_.reset();
    context_.reset();
    std::filesystem::remove_all(base_);
  }

  void Tell(int count, worker::v1::ConnectionState state, absl::Time expire) {
    for (int i = 0; i < count; ++i) {
      const std::string id = absl::StrCat("c", result_.connections_size());
      state::v1::ConnectionState kept;
      kept.mutable_connection()->set_name(model::ConnectionName("one", id));
      kept.set_ticket_sha256(tickets::TicketTable::HashOf(id));
      kept.set_ticket_expire_unix_ns(absl::ToUnixNanos(expire));
      auto& connection = *result_.add_connections();
      connection.set_uid(absl::StrCat("uid-", id));
      connection.set_connection_id(id);
      connection.set_mount_path("/");
      connection.set_state(state);
      connection.set_daemon_data(kept.SerializeAsString());
    }
  }
  Restoration::Strays Restore() {
    MutexLock lock(context_->model.mu);
    return restoration_->RestoreConnections(*server_, result_);
  }
  int64_t CountIn(admin::Connection::State state) {
    MutexLock lock(context_->model.mu);
    return server_->counts.by_state[static_cast<size_t>(state)];
  }

  std::string base_;
  std::unique_ptr<Context> context_;
  std::unique_ptr<GoferEvents> events_;
  std::unique_ptr<supervisor::RuleOperations> rules_;
  std::unique_ptr<Restoration> restoration_;
  const model::Model::ServerPtr server_ =
      std::make_shared<model::ServerRecord>();
  worker::v1::AdoptResult result_;
};

TEST_F(RestorationTest, ATicketIsGoodForNoLongerThanAny) {
  server_->resource.mutable_limits()->set_max_connections(10);
  Tell(1, worker::v1::CONNECTION_STATE_PENDING_ATTACH,
       absl::FromUnixSeconds(4'102'444'800));  // 2100.
  Tell(1, worker::v1::CONNECTION_STATE_PENDING_ATTACH,
       absl::Now() + absl::Minutes(1));
  EXPECT_TRUE(Restore().empty());
  EXPECT_EQ(context_->tickets.size(), 2u);
  const absl::Time now = absl::Now();
  EXPECT_EQ(context_->tickets.TakeExpired(now + absl::Minutes(1)).size(), 1u);
  EXPECT_EQ(context_->tickets.TakeExpired(now + config::kMostTicketTtl).size(),
            1u);
}

TEST_F(RestorationTest, AGoferDoesNotFillTheTableOfTickets) {
  server_->resource.mutable_limits()->set_max_connections(10);
  Tell(50, worker::v1::CONNECTION_STATE_PENDING_ATTACH,
       absl::Now() + absl::Minutes(1));
  EXPECT_EQ(Restore().size(), 40u);
  EXPECT_EQ(context_->tickets.size(), 10u);
  EXPECT_EQ(CountIn(admin::Connection::PENDING_ATTACH), 10);
  EXPECT_EQ(CountIn(admin::Connection::FAILED), 40);
}

TEST_F(RestorationTest, NorOneOfWhichNothingIsKnown) {
  Tell(50, worker::v1::CONNECTION_STATE_PENDING_ATTACH,
       absl::Now() + absl::Minutes(1));
  EXPECT_EQ(Restore().size(), 50u - kDefaultConnections);
  EXPECT_EQ(context_->tickets.size(), size_t{kDefaultConnections});
}

// A limit may be lowered below the connections there are: these go on.
TEST_F(RestorationTest, ConnectionsInUseAreNotEndedByALimit) {
  server_->resource.mutable_limits()->set_max_connections(1);
  Tell(5, worker::v1::CONNECTION_STATE_MOUNTED, absl::InfinitePast());
  Tell(1, worker::v1::CONNECTION_STATE_PENDING_ATTACH,
       absl::Now() + absl::Minutes(1));
  EXPECT_TRUE(Restore().empty());
  EXPECT_EQ(CountIn(admin::Connection::MOUNTED), 5);
  EXPECT_EQ(context_->tickets.size(), 1u);
}

}  // namespace
}  // namespace goferd::gofers
