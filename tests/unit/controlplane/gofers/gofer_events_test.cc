#include "controlplane/gofers/gofer_events.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>

#include "controlplane/gofers/context.h"
#include "tests/support/latch.h"

namespace goferd::gofers {
namespace {

using gofer::base::MutexLock;
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
    context_ =
        std::make_unique<Context>(Config(), *state::StateDirectory::Open(base_),
                                  *event_loop::EventLoop::Start(), 1);
    events_ = std::make_unique<GoferEvents>(*context_);
    auto server = std::make_shared<model::ServerRecord>();
    server->id = "one";
    server->generation = 1;
    server->link_generation = 1;
    server->resource.set_name(model::ServerName("one"));
    admin::Connection connection;
    connection.set_name(model::ConnectionName("one", "c"));
    connection.set_uid("uid");
    MutexLock lock(context_->model.mu);
    context_->model.Add(server);
    context_->model.Announce(
        *server, context_->model.AddConnection(*server, connection));
  }
  ~GoferEventsTest() override {
    context_->loop->Stop();
    events_.reset();
    context_.reset();
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

  std::string base_;
  std::unique_ptr<Context> context_;
  std::unique_ptr<GoferEvents> events_;
};

TEST_F(GoferEventsTest, AConditionThatTogglesDoesNotFlushTheHistory) {
  const int64_t before = context_->events.revision();
  gofer::test::Latch settled;
  const auto subscription = context_->events.Subscribe([&] {
    // The first one at once, the last one later.
    if (context_->events.revision() >= before + 2) settled.Open();
  });
  for (int i = 0; i < 10'001; ++i) TellCondition(i % 2 == 0);
  TellCondition(false);
  EXPECT_EQ(context_->events.revision(), before + 1);
  settled.Wait();
  EXPECT_EQ(context_->events.revision(), before + 2);
  MutexLock lock(context_->model.mu);
  EXPECT_TRUE(context_->model.Find("one")->resource.conditions().empty());
}

TEST_F(GoferEventsTest, AConditionThatWaitsIsShort) {
  TellCondition(false);
  worker::v1::Event event;
  auto& changed = *event.mutable_condition_changed();
  changed.set_type(ConditionChanged::FD_PRESSURE);
  changed.set_active(true);
  changed.set_message(std::string(1'000'000, 'x'));
  events_->Apply("one", 1, event);
  MutexLock lock(context_->model.mu);
  const auto due = context_->model.Find("one")->conditions.TakeDue(
      absl::Now() + model::ConditionQueue::kPeriod);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_TRUE(due[0].active());
  EXPECT_EQ(due[0].message(), std::string(1024, 'x'));
}

TEST_F(GoferEventsTest, AConnectionThatGoesBackAndForthIsToldOfOnce) {
  const int64_t before = context_->events.revision();
  for (int i = 0; i < 1000; ++i) {
    TellState(worker::v1::CONNECTION_STATE_ATTACHED);
    TellState(worker::v1::CONNECTION_STATE_MOUNTED);
  }
  EXPECT_EQ(context_->events.revision(), before + 2);
}

}  // namespace
}  // namespace goferd::gofers
