#include "controlplane/gofers/restoration.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "controlplane/config/bounds.h"
#include "controlplane/names/resource_name.h"
#include "goferd/state/v1/state.pb.h"
#include "tests/unit/controlplane/gofers/node_parts.h"

namespace goferd::gofers {
namespace {

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

// A goferd adopts a gofer whose connections wait for their clients.
class RestorationTest : public testing::Test {
 protected:
  RestorationTest() {
    std::string pattern = testing::TempDir() + "restoration-XXXXXX";
    base_ = ::mkdtemp(pattern.data());
    parts_ = std::make_unique<NodeParts>(Config(), base_);
    events_ = std::make_unique<GoferEvents>(parts_->model, parts_->tickets,
                                            parts_->threads, parts_->settings);
    restoration_ = std::make_unique<Restoration>(parts_->model, parts_->tickets,
                                                 parts_->settings, parts_->host,
                                                 parts_->store, *events_);
    model::ServerRecord record;
    record.id = "one";
    record.resource.set_name(names::FormatServerName("one"));
    record.resource.set_origin(admin::Server::CREATED);
    server_ = std::make_shared<model::ServerEntry>(std::move(record));
    const model::ModelLock lock(parts_->model);
    parts_->model.Add(lock, server_);
  }
  ~RestorationTest() override {
    parts_->threads.Stop();
    restoration_.reset();
    events_.reset();
    parts_.reset();
    std::filesystem::remove_all(base_);
  }

  void Tell(int count, worker::v1::ConnectionState state, absl::Time expire) {
    for (int i = 0; i < count; ++i) {
      const std::string id = absl::StrCat("c", result_.connections_size());
      state::v1::ConnectionState kept;
      kept.mutable_connection()->set_name(
          names::FormatConnectionName("one", id));
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
  void SetMaxConnections(int32_t most) {
    const model::ModelLock lock(parts_->model);
    server_->record(lock).resource.mutable_limits()->set_max_connections(most);
  }
  Restoration::Strays Restore() {
    const model::ModelLock lock(parts_->model);
    return restoration_->RestoreConnections(lock, server_->record(lock),
                                            result_);
  }
  int64_t CountIn(admin::Connection::State state) {
    const model::ModelLock lock(parts_->model);
    return server_->record(lock).counts.by_state[static_cast<size_t>(state)];
  }

  std::string base_;
  std::unique_ptr<NodeParts> parts_;
  std::unique_ptr<GoferEvents> events_;
  std::unique_ptr<Restoration> restoration_;
  model::ServerPtr server_;
  worker::v1::AdoptResult result_;
};

TEST_F(RestorationTest, ATicketIsGoodForNoLongerThanTheLongestTtl) {
  SetMaxConnections(10);
  Tell(1, worker::v1::CONNECTION_STATE_PENDING_ATTACH,
       absl::FromUnixSeconds(4'102'444'800));  // 2100.
  Tell(1, worker::v1::CONNECTION_STATE_PENDING_ATTACH,
       absl::Now() + absl::Minutes(1));
  EXPECT_TRUE(Restore().empty());
  EXPECT_EQ(parts_->tickets.size(), 2u);
  const absl::Time now = absl::Now();
  EXPECT_EQ(parts_->tickets.TakeExpired(now + absl::Minutes(1)).size(), 1u);
  EXPECT_EQ(parts_->tickets.TakeExpired(now + config::kMostTicketTtl).size(),
            1u);
}

TEST_F(RestorationTest, AGoferDoesNotFillTheTableOfTickets) {
  SetMaxConnections(10);
  Tell(50, worker::v1::CONNECTION_STATE_PENDING_ATTACH,
       absl::Now() + absl::Minutes(1));
  EXPECT_EQ(Restore().size(), 40u);
  EXPECT_EQ(parts_->tickets.size(), 10u);
  EXPECT_EQ(CountIn(admin::Connection::PENDING_ATTACH), 10);
  EXPECT_EQ(CountIn(admin::Connection::FAILED), 40);
}

TEST_F(RestorationTest, TheDefaultLimitBoundsTicketsWhenNoLimitIsKnown) {
  Tell(50, worker::v1::CONNECTION_STATE_PENDING_ATTACH,
       absl::Now() + absl::Minutes(1));
  EXPECT_EQ(Restore().size(), 50u - kDefaultConnections);
  EXPECT_EQ(parts_->tickets.size(), size_t{kDefaultConnections});
}

// A limit may be lowered below the number of connections, which go on.
TEST_F(RestorationTest, ConnectionsInUseAreNotEndedByALimit) {
  SetMaxConnections(1);
  Tell(5, worker::v1::CONNECTION_STATE_MOUNTED, absl::InfinitePast());
  Tell(1, worker::v1::CONNECTION_STATE_PENDING_ATTACH,
       absl::Now() + absl::Minutes(1));
  EXPECT_TRUE(Restore().empty());
  EXPECT_EQ(CountIn(admin::Connection::MOUNTED), 5);
  EXPECT_EQ(parts_->tickets.size(), 1u);
}

}  // namespace
}  // namespace goferd::gofers
