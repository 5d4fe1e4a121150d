#include "controlplane/model/model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controlplane/model/server_state.h"
#include "controlplane/names/resource_name.h"
#include "controlplane/translate/time_conversion.h"

namespace goferd::model {
namespace {

using testing::ElementsAre;

constexpr absl::Duration kRetention = absl::Minutes(10);

class ModelTest : public testing::Test {
 protected:
  ServerPtr Add(const std::string& id) {
    ServerRecord record;
    record.id = id;
    record.resource.set_name(names::FormatServerName(id));
    record.resource.set_state(admin::Server::ACTIVE);
    const auto server = std::make_shared<ServerEntry>(std::move(record));
    const ModelLock lock(model_);
    model_.Add(lock, server);
    return server;
  }
  ConnectionRecord& Connect(const ServerPtr& server, const std::string& id) {
    admin::Connection resource;
    resource.set_name(names::FormatConnectionName(server->id(), id));
    resource.set_uid("uid-" + id);
    const ModelLock lock(model_);
    ConnectionRecord& record =
        model_.AddConnection(lock, server->record(lock), resource);
    model_.Announce(lock, record);
    return record;
  }
  // Returns the events after revision `after`, such as "ADDED servers/a".
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

TEST(ModelBoundsTest, ForgetsTheFirstEndsWhenThereIsNoRoomForMore) {
  constexpr size_t kBytes = 100'000;
  EventLog log{100, "01234567-89ab-4cde-8f01-23456789abcd"};
  Model model{log, {.of_server = 5 * kBytes, .of_all = 8 * kBytes}};
  const auto end = [&](const std::string& server_id, int count) {
    const ModelLock lock(model);
    ServerPtr server = model.Find(lock, server_id);
    if (server == nullptr) {
      ServerRecord record;
      record.id = server_id;
      server = std::make_shared<ServerEntry>(std::move(record));
      model.Add(lock, server);
    }
    for (int i = 0; i < count; ++i) {
      const std::string id = "c" + std::to_string(i);
      admin::Connection resource;
      resource.set_name(names::FormatConnectionName(server_id, id));
      resource.set_uid(server_id + id);
      (*resource.mutable_labels())["a"] = std::string(kBytes, 'x');
      ConnectionRecord& record =
          model.AddConnection(lock, server->record(lock), resource);
      model.Announce(lock, record);
      model.End(lock, server->record(lock), record,
                admin::Connection::CLIENT_EOF, "", kRetention);
      // Nothing goes while somebody may hold a reference.
      EXPECT_EQ(record.resource.uid(), server_id + id);
    }
  };
  const auto count = [&](const std::string& server_id) {
    const ModelLock lock(model);
    return model.Find(lock, server_id)->record(lock).connections.size();
  };
  end("one", 20);
  EXPECT_EQ(count("one"), 4u);
  {
    const ModelLock lock(model);
    EXPECT_TRUE(model.Find(lock, "one")->record(lock).FindVisible("c19"));
  }
  end("two", 4);
  // Those of "one" were first.
  EXPECT_EQ(count("two"), 4u);
  EXPECT_EQ(count("one"), 3u);
}

TEST_F(ModelTest, CountsFollowEveryChangeOfState) {
  const auto server = Add("a");
  const auto other = Add("b");
  ConnectionRecord& one = Connect(server, "one");
  Connect(other, "two");
  const ModelLock lock(model_);
  EXPECT_EQ(server->record(lock).live_connections(), 1);
  EXPECT_EQ(server->record(lock).counts.active(), 0);
  model_.SetState(lock, server->record(lock), one, admin::Connection::MOUNTED);
  EXPECT_EQ(server->record(lock).counts.active(), 1);
  EXPECT_EQ(server->record(lock).resource.active_connection_count(), 1);
  EXPECT_EQ(other->record(lock).counts.active(), 0);
  EXPECT_EQ(model_.totals(lock).active(), 1);
  model_.End(lock, server->record(lock), one, admin::Connection::CLIENT_EOF, "",
             kRetention);
  EXPECT_EQ(server->record(lock).live_connections(), 0);
  EXPECT_EQ(model_.totals(lock).by_state[admin::Connection::CLOSED], 1);
  model_.RemoveConnection(lock, server->record(lock), "one");
  EXPECT_EQ(model_.totals(lock).by_state[admin::Connection::CLOSED], 0);
}

TEST_F(ModelTest, HoldersOfTheirMountsFdCountWhileTheyAreActive) {
  const auto server = Add("a");
  ConnectionRecord& one = Connect(server, "one");
  const ModelLock lock(model_);
  ServerRecord& record = server->record(lock);
  EXPECT_TRUE(
      model_.AdvanceMountFd(lock, record, one, admin::Connection::DONATED));
  EXPECT_FALSE(
      model_.AdvanceMountFd(lock, record, one, admin::Connection::WITHHELD));
  EXPECT_EQ(record.counts.mount_fd_donated, 0) << "it is pending still";
  model_.SetState(lock, record, one, admin::Connection::MOUNTED);
  EXPECT_EQ(record.resource.mount_fd_connection_count(), 1);
  EXPECT_EQ(model_.totals(lock).mount_fd_donated, 1);
  model_.End(lock, record, one, admin::Connection::CLIENT_EOF, "", kRetention);
  EXPECT_EQ(record.resource.mount_fd_connection_count(), 0);
  EXPECT_EQ(model_.totals(lock).mount_fd_donated, 0);
  EXPECT_EQ(one.resource.mount_fd(), admin::Connection::DONATED);
}

TEST_F(ModelTest, TheFirstEndStays) {
  const auto server = Add("a");
  ConnectionRecord& one = Connect(server, "one");
  const ModelLock lock(model_);
  model_.End(lock, server->record(lock), one, admin::Connection::QUOTA,
             "too much", kRetention);
  const std::string etag = one.resource.etag();
  model_.End(lock, server->record(lock), one, admin::Connection::CLIENT_EOF,
             "later", kRetention);
  EXPECT_EQ(one.resource.state(), admin::Connection::FAILED);
  EXPECT_EQ(one.resource.end_reason(), admin::Connection::QUOTA);
  EXPECT_EQ(one.resource.end_detail(), "too much");
  EXPECT_EQ(one.resource.etag(), etag);
  EXPECT_EQ(translate::ToTime(one.resource.purge_time()) -
                translate::ToTime(one.resource.end_time()),
            kRetention);
}

TEST_F(ModelTest, PublishesEveryChange) {
  const auto server = Add("a");
  ConnectionRecord& one = Connect(server, "one");
  {
    const ModelLock lock(model_);
    EXPECT_TRUE(
        model_.SetState(lock, server->record(lock), admin::Server::DRAINING)
            .ok());
    model_.End(lock, server->record(lock), one, admin::Connection::ADMIN_STOP,
               "", kRetention);
  }
  EXPECT_THAT(
      Events(0),
      ElementsAre("ADDED servers/a", "ADDED servers/a/connections/one",
                  "MODIFIED servers/a", "MODIFIED servers/a/connections/one"));
}

TEST_F(ModelTest, OneAdoptionAtATimeAndNoMutationMeanwhile) {
  Add("a");
  const ModelLock lock(model_);
  EXPECT_TRUE(model_.BeginAdoption(lock, "a"));
  EXPECT_FALSE(model_.BeginAdoption(lock, "a"));
  EXPECT_TRUE(model_.BeginAdoption(lock, "b"));
  EXPECT_EQ(Mutation::Begin(lock, model_, "a", "").status().code(),
            absl::StatusCode::kAborted);
  model_.EndAdoption(lock, "a");
  EXPECT_FALSE(model_.IsBeingAdopted(lock, "a"));
}

TEST_F(ModelTest, AnIllegalTransitionIsAnError) {
  const auto server = Add("a");
  const ModelLock lock(model_);
  EXPECT_TRUE(
      model_.SetState(lock, server->record(lock), admin::Server::STOPPING)
          .ok());
  const std::string etag = server->record(lock).resource.etag();
  EXPECT_FALSE(
      model_.SetState(lock, server->record(lock), admin::Server::ACTIVE).ok());
  EXPECT_EQ(server->record(lock).resource.state(), admin::Server::STOPPING);
  EXPECT_EQ(server->record(lock).resource.etag(), etag);
}

TEST_F(ModelTest, AnEndIsNeverInTheFuture) {
  const auto server = Add("a");
  ConnectionRecord& one = Connect(server, "one");
  ConnectionRecord& two = Connect(server, "two");
  const absl::Time past = absl::FromUnixSeconds(1'000'000);
  const ModelLock lock(model_);
  model_.EndAt(lock, past, server->record(lock), one,
               admin::Connection::CLIENT_EOF, "", kRetention);
  EXPECT_EQ(translate::ToTime(one.resource.end_time()), past);
  EXPECT_EQ(translate::ToTime(one.resource.purge_time()), past + kRetention);
  model_.EndAt(lock, absl::Now() + absl::Hours(1), server->record(lock), two,
               admin::Connection::CLIENT_EOF, "", kRetention);
  EXPECT_LE(translate::ToTime(two.resource.end_time()), absl::Now());
}

TEST_F(ModelTest, RemovesAServerAfterItsConnectionsAndRules) {
  const auto server = Add("a");
  Connect(server, "one");
  RuleRecord rule;
  rule.resource.set_name(names::FormatRuleName("a", "slow"));
  int64_t before = 0;
  {
    const ModelLock lock(model_);
    model_.PutRule(lock, server->record(lock), rule);
    before = log_.revision();
    model_.Remove(lock, server);
    EXPECT_EQ(model_.Find(lock, "a"), nullptr);
    EXPECT_EQ(model_.totals(lock).by_state[admin::Connection::PENDING_ATTACH],
              0);
  }
  EXPECT_THAT(Events(before), ElementsAre("DELETED servers/a/connections/one",
                                          "DELETED servers/a/handlerRules/slow",
                                          "DELETED servers/a"));
}

TEST_F(ModelTest, PublishesNoConnectionThatIsBeingMade) {
  const auto server = Add("a");
  admin::Connection resource;
  resource.set_name(names::FormatConnectionName("a", "one"));
  resource.set_uid("u");
  const int64_t before = log_.revision();
  {
    const ModelLock lock(model_);
    model_.AddConnection(lock, server->record(lock), resource);
    EXPECT_EQ(server->record(lock).live_connections(), 1);
    model_.RemoveConnection(lock, server->record(lock), "one");
    EXPECT_EQ(server->record(lock).live_connections(), 0);
  }
  EXPECT_EQ(log_.revision(), before);
}

TEST_F(ModelTest, OrdersRulesByPriorityThenAge) {
  const auto server = Add("a");
  const auto put = [&](const std::string& id, int priority, uint64_t age) {
    RuleRecord rule;
    rule.resource.set_name(names::FormatRuleName("a", id));
    rule.resource.set_priority(priority);
    rule.age_number = age;
    const ModelLock lock(model_);
    model_.PutRule(lock, server->record(lock), rule);
  };
  put("late", 0, 3);
  put("early", 0, 1);
  put("high", 5, 2);
  std::vector<std::string> names;
  const ModelLock lock(model_);
  for (const RuleRecord* rule : Model::RulesInOrder(server->record(lock))) {
    names.push_back(rule->resource.name());
  }
  EXPECT_THAT(names, ElementsAre(names::FormatRuleName("a", "high"),
                                 names::FormatRuleName("a", "early"),
                                 names::FormatRuleName("a", "late")));
}

TEST_F(ModelTest, OneMutationAtATime) {
  const auto server = Add("a");
  {
    const ModelLock lock(model_);
    EXPECT_FALSE(Mutation::Begin(lock, model_, "b", "").ok());
    EXPECT_FALSE(Mutation::Begin(lock, model_, "a", "other").ok());
  }
  std::optional<Mutation> first;
  {
    const ModelLock lock(model_);
    auto begun = Mutation::Begin(lock, model_, "a",
                                 server->record(lock).resource.etag());
    ASSERT_TRUE(begun.ok()) << begun.status();
    first.emplace(*std::move(begun));
    EXPECT_EQ(Mutation::Begin(lock, model_, "a", "").status().code(),
              absl::StatusCode::kAborted);
  }
  first.reset();
  const ModelLock lock(model_);
  EXPECT_FALSE(server->record(lock).being_changed);
}

TEST(ServerStateTest, AllowsOnlyLegalTransitions) {
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
