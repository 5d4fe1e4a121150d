#include "controlplane/model/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controlplane/model/server_state.h"
#include "controlplane/translate/time_conversion.h"

namespace goferd::model {
namespace {

using gofer::base::MutexLock;
using testing::ElementsAre;

constexpr absl::Duration kRetention = absl::Minutes(10);

class ModelTest : public testing::Test {
 protected:
  Model::ServerPtr Add(const std::string& id) {
    auto server = std::make_shared<ServerRecord>();
    server->id = id;
    server->resource.set_name(ServerName(id));
    server->resource.set_state(admin::Server::ACTIVE);
    MutexLock lock(model_.mu);
    model_.Add(server);
    return server;
  }
  ConnectionRecord& Connect(ServerRecord& server, const std::string& id) {
    admin::Connection resource;
    resource.set_name(ConnectionName(server.id, id));
    resource.set_uid("uid-" + id);
    MutexLock lock(model_.mu);
    ConnectionRecord& record = model_.AddConnection(server, resource);
    model_.Announce(server, record);
    return record;
  }
  // "ADDED servers/a", in order, behind revision `after`.
  std::vector<std::string> Events(int64_t after) {
    std::vector<std::string> texts;
    for (const auto& event : log_.Read(after, 100).events) {
      std::string name = event->server().name() + event->connection().name() +
                         event->handler_rule().name();
      texts.push_back(admin::Event::Type_Name(event->type()) + " " + name);
    }
    return texts;
  }

  EventLog log_{100, "01234567-89ab-4cde-8f01-23456789abcd"};
  Model model_{log_};
};

TEST_F(ModelTest, CountsFollowEveryChangeOfState) {
  const auto server = Add("a");
  const auto other = Add("b");
  ConnectionRecord& one = Connect(*server, "one");
  Connect(*other, "two");
  MutexLock lock(model_.mu);
  EXPECT_EQ(server->live_connections(), 1);
  EXPECT_EQ(server->counts.active(), 0);
  model_.SetState(*server, one, admin::Connection::MOUNTED);
  EXPECT_EQ(server->counts.active(), 1);
  EXPECT_EQ(server->resource.active_connection_count(), 1);
  EXPECT_EQ(other->counts.active(), 0);
  EXPECT_EQ(model_.totals().active(), 1);
  model_.End(*server, one, admin::Connection::CLIENT_EOF, "", kRetention);
  EXPECT_EQ(server->live_connections(), 0);
  EXPECT_EQ(model_.totals().by_state[admin::Connection::CLOSED], 1);
  model_.RemoveConnection(*server, "one");
  EXPECT_EQ(model_.totals().by_state[admin::Connection::CLOSED], 0);
}

TEST_F(ModelTest, TheFirstEndStays) {
  const auto server = Add("a");
  ConnectionRecord& one = Connect(*server, "one");
  MutexLock lock(model_.mu);
  model_.End(*server, one, admin::Connection::QUOTA, "too much", kRetention);
  const std::string etag = one.resource.etag();
  model_.End(*server, one, admin::Connection::CLIENT_EOF, "later", kRetention);
  EXPECT_EQ(one.resource.state(), admin::Connection::FAILED);
  EXPECT_EQ(one.resource.end_reason(), admin::Connection::QUOTA);
  EXPECT_EQ(one.resource.end_detail(), "too much");
  EXPECT_EQ(one.resource.etag(), etag);
  EXPECT_EQ(translate::ToTime(one.resource.purge_time()) -
                translate::ToTime(one.resource.end_time()),
            kRetention);
}

TEST_F(ModelTest, EveryChangeIsTold) {
  const auto server = Add("a");
  ConnectionRecord& one = Connect(*server, "one");
  {
    MutexLock lock(model_.mu);
    EXPECT_TRUE(model_.SetState(*server, admin::Server::DRAINING).ok());
    model_.End(*server, one, admin::Connection::ADMIN_STOP, "", kRetention);
  }
  EXPECT_THAT(
      Events(0),
      ElementsAre("ADDED servers/a", "ADDED servers/a/connections/one",
                  "MODIFIED servers/a", "MODIFIED servers/a/connections/one"));
}

TEST_F(ModelTest, OneAdoptionAtATimeAndNoMutationMeanwhile) {
  Add("a");
  MutexLock lock(model_.mu);
  EXPECT_TRUE(model_.BeginAdoption("a"));
  EXPECT_FALSE(model_.BeginAdoption("a"));
  EXPECT_TRUE(model_.BeginAdoption("b"));
  EXPECT_EQ(Mutation::Begin(model_, "a", "").status().code(),
            absl::StatusCode::kAborted);
  model_.EndAdoption("a");
  EXPECT_FALSE(model_.IsBeingAdopted("a"));
}

TEST_F(ModelTest, AnIllegalTransitionIsAnError) {
  const auto server = Add("a");
  MutexLock lock(model_.mu);
  EXPECT_TRUE(model_.SetState(*server, admin::Server::STOPPING).ok());
  const std::string etag = server->resource.etag();
  EXPECT_FALSE(model_.SetState(*server, admin::Server::ACTIVE).ok());
  EXPECT_EQ(server->resource.state(), admin::Server::STOPPING);
  EXPECT_EQ(server->resource.etag(), etag);
}

TEST_F(ModelTest, AnEndIsNotToCome) {
  const auto server = Add("a");
  ConnectionRecord& one = Connect(*server, "one");
  ConnectionRecord& two = Connect(*server, "two");
  const absl::Time past = absl::FromUnixSeconds(1'000'000);
  MutexLock lock(model_.mu);
  model_.EndAt(past, *server, one, admin::Connection::CLIENT_EOF, "",
               kRetention);
  EXPECT_EQ(translate::ToTime(one.resource.end_time()), past);
  EXPECT_EQ(translate::ToTime(one.resource.purge_time()), past + kRetention);
  model_.EndAt(absl::Now() + absl::Hours(1), *server, two,
               admin::Connection::CLIENT_EOF, "", kRetention);
  EXPECT_LE(translate::ToTime(two.resource.end_time()), absl::Now());
}

TEST_F(ModelTest, AServerGoesAfterWhatItHas) {
  const auto server = Add("a");
  Connect(*server, "one");
  RuleRecord rule;
  rule.resource.set_name(RuleName("a", "slow"));
  int64_t before = 0;
  {
    MutexLock lock(model_.mu);
    model_.PutRule(*server, rule);
    before = log_.revision();
    model_.Remove(server);
    EXPECT_EQ(model_.Find("a"), nullptr);
    EXPECT_EQ(model_.totals().by_state[admin::Connection::PENDING_ATTACH], 0);
  }
  EXPECT_THAT(Events(before), ElementsAre("DELETED servers/a/connections/one",
                                          "DELETED servers/a/handlerRules/slow",
                                          "DELETED servers/a"));
}

TEST_F(ModelTest, WhatIsBeingMadeIsNotTold) {
  const auto server = Add("a");
  admin::Connection resource;
  resource.set_name(ConnectionName("a", "one"));
  resource.set_uid("u");
  const int64_t before = log_.revision();
  {
    MutexLock lock(model_.mu);
    model_.AddConnection(*server, resource);
    EXPECT_EQ(server->live_connections(), 1);
    model_.RemoveConnection(*server, "one");
    EXPECT_EQ(server->live_connections(), 0);
  }
  EXPECT_EQ(log_.revision(), before);
}

TEST_F(ModelTest, RulesByPriorityThenAge) {
  const auto server = Add("a");
  const auto put = [&](const std::string& id, int priority, uint64_t age) {
    RuleRecord rule;
    rule.resource.set_name(RuleName("a", id));
    rule.resource.set_priority(priority);
    rule.age_number = age;
    MutexLock lock(model_.mu);
    model_.PutRule(*server, rule);
  };
  put("late", 0, 3);
  put("early", 0, 1);
  put("high", 5, 2);
  std::vector<std::string> names;
  for (const RuleRecord* rule : Model::RulesInOrder(*server)) {
    names.push_back(rule->resource.name());
  }
  EXPECT_THAT(names, ElementsAre(RuleName("a", "high"), RuleName("a", "early"),
                                 RuleName("a", "late")));
}

TEST_F(ModelTest, OneMutationAtATime) {
  const auto server = Add("a");
  {
    MutexLock lock(model_.mu);
    EXPECT_FALSE(Mutation::Begin(model_, "b", "").ok());
    EXPECT_FALSE(Mutation::Begin(model_, "a", "other").ok());
  }
  std::optional<Mutation> first;
  {
    MutexLock lock(model_.mu);
    auto begun = Mutation::Begin(model_, "a", server->resource.etag());
    ASSERT_TRUE(begun.ok()) << begun.status();
    first.emplace(*std::move(begun));
    EXPECT_EQ(Mutation::Begin(model_, "a", "").status().code(),
              absl::StatusCode::kAborted);
  }
  first.reset();
  MutexLock lock(model_.mu);
  EXPECT_FALSE(server->busy);
}

TEST(ServerStateTest, WhatMayFollowWhat) {
  using S = admin::Server;
  EXPECT_TRUE(MayFollow(S::STARTING, S::ACTIVE));
  EXPECT_TRUE(MayFollow(S::FAILED, S::STARTING));
  EXPECT_TRUE(MayFollow(S::DRAINING, S::ACTIVE));
  EXPECT_TRUE(MayFollow(S::UNREACHABLE, S::DRAINING));
  EXPECT_FALSE(MayFollow(S::FAILED, S::ACTIVE));
  EXPECT_FALSE(MayFollow(S::STOPPED, S::ACTIVE));
  EXPECT_FALSE(MayFollow(S::STOPPING, S::ACTIVE));
}

}  // namespace
}  // namespace goferd::model
