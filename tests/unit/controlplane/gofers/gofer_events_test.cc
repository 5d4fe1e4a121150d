#include "controlplane/gofers/gofer_events.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>

#include "controlplane/names/resource_name.h"
#include "tests/support/latch.h"
#include "tests/unit/controlplane/gofers/node_parts.h"

namespace goferd::gofers {
namespace {

using worker::v1::ConditionChanged;

config::v1::DaemonConfig Config() {
  config::v1::DaemonConfig config;
  config.set_max_kept_events(1024);
  return config;
}

class GoferEventsTest : public testing::Test {
 protected:
  GoferEventsTest() {
    std::string pattern = testing::TempDir() + "events-XXXXXX";
    base_ = ::mkdtemp(pattern.data());
    parts_ = std::make_unique<NodeParts>(Config(), base_);
    events_ = std::make_unique<GoferEvents>(parts_->model, parts_->tickets,
                                            parts_->threads, parts_->settings);
    model::ServerRecord record;
    record.id = "one";
    record.gofer.generation = 1;
    record.link.generation = 1;
    record.resource.set_name(names::FormatServerName("one"));
    const auto server = std::make_shared<model::ServerEntry>(std::move(record));
    admin::Connection connection;
    connection.set_name(names::FormatConnectionName("one", "c"));
    connection.set_uid("uid");
    const model::ModelLock lock(parts_->model);
    parts_->model.Add(lock, server);
    parts_->model.Announce(lock, parts_->model.AddConnection(
                                     lock, server->record(lock), connection));
  }
  ~GoferEventsTest() override {
    parts_->threads.Stop();
    events_.reset();
    parts_.reset();
    std::filesystem::remove_all(base_);
  }

  void TellCondition(bool active) {
    worker::v1::Event event;
    auto& changed = *event.mutable_condition_changed();
    changed.set_type(ConditionChanged::FD_PRESSURE);
    changed.set_active(active);
    events_->Apply("one", 1, event);
  }
  void TellState(worker::v1::ConnectionState state) {
    worker::v1::Event event;
    event.mutable_connection_changed()->set_uid("uid");
    event.mutable_connection_changed()->set_state(state);
    events_->Apply("one", 1, event);
  }

  void TellMountFd(worker::v1::MountFd mount_fd) {
    worker::v1::Event event;
    auto& changed = *event.mutable_connection_changed();
    changed.set_uid("uid");
    changed.set_state(worker::v1::CONNECTION_STATE_MOUNTED);
    changed.set_mount_fd(mount_fd);
    events_->Apply("one", 1, event);
  }
  admin::Server Server() {
    const model::ModelLock lock(parts_->model);
    return parts_->model.Find(lock, "one")->record(lock).resource;
  }

  std::string base_;
  std::unique_ptr<NodeParts> parts_;
  std::unique_ptr<GoferEvents> events_;
};

TEST_F(GoferEventsTest, AConditionThatTogglesDoesNotFlushTheHistory) {
  const int64_t before = parts_->events.revision();
  gofer::test::Latch settled;
  const auto subscription = parts_->events.Subscribe([&] {
    // The first change is published at once, the last one later.
    if (parts_->events.revision() >= before + 2) settled.Open();
  });
  for (int i = 0; i < 10'001; ++i) TellCondition(i % 2 == 0);
  TellCondition(false);
  EXPECT_EQ(parts_->events.revision(), before + 1);
  settled.Wait();
  EXPECT_EQ(parts_->events.revision(), before + 2);
  const model::ModelLock lock(parts_->model);
  EXPECT_TRUE(parts_->model.Find(lock, "one")
                  ->record(lock)
                  .resource.conditions()
                  .empty());
}

TEST_F(GoferEventsTest, AConditionThatWaitsIsShort) {
  TellCondition(false);
  worker::v1::Event event;
  auto& changed = *event.mutable_condition_changed();
  changed.set_type(ConditionChanged::FD_PRESSURE);
  changed.set_active(true);
  changed.set_message(std::string(1'000'000, 'x'));
  events_->Apply("one", 1, event);
  const model::ModelLock lock(parts_->model);
  const auto due = parts_->model.Find(lock, "one")
                       ->record(lock)
                       .gofer.conditions.TakeDue(
                           absl::Now() + model::ConditionQueue::kPeriod);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_TRUE(due[0].active());
  EXPECT_EQ(due[0].message(), std::string(1024, 'x'));
}

TEST_F(GoferEventsTest, AConnectionThatGoesBackAndForthIsReportedOnce) {
  const int64_t before = parts_->events.revision();
  for (int i = 0; i < 1000; ++i) {
    TellState(worker::v1::CONNECTION_STATE_ATTACHED);
    TellState(worker::v1::CONNECTION_STATE_MOUNTED);
  }
  EXPECT_EQ(parts_->events.revision(), before + 2);
}

TEST_F(GoferEventsTest, AMountsFdThatGoesBackAndForthIsToldOfOnce) {
  TellMountFd(worker::v1::MOUNT_FD_WITHHELD);
  EXPECT_EQ(Server().mount_fd_connection_count(), 0);
  const int64_t before = parts_->events.revision();
  for (int i = 0; i < 1000; ++i) {
    TellMountFd(worker::v1::MOUNT_FD_DONATED);
    TellMountFd(worker::v1::MOUNT_FD_WITHHELD);
  }
  EXPECT_EQ(parts_->events.revision(), before + 1);
  EXPECT_EQ(Server().mount_fd_connection_count(), 1);
  TellState(worker::v1::CONNECTION_STATE_ENDED);
  EXPECT_EQ(Server().mount_fd_connection_count(), 0);
}

}  // namespace
}  // namespace goferd::gofers
