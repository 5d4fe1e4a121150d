#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "goferd/admin/v1/event_service.grpc.pb.h"
#include "goferd/admin/v1/server_service.grpc.pb.h"
#include "tests/unit/controlplane/service/grpc_fixture.h"

namespace goferd::service {
namespace {

using admin::Event;
using Reader = std::unique_ptr<grpc::ClientReader<admin::WatchEventsResponse>>;

// One watch, whose events are read one by one.
class Watch {
 public:
  explicit Watch(GrpcFixture& fixture,
                 const admin::WatchEventsRequest& request = {})
      : stub_(admin::EventService::NewStub(fixture.channel)),
        reader_(stub_->WatchEvents(&call_, request)) {}
  // The call has a deadline: a test fails rather than hangs.
  ~Watch() { call_.TryCancel(); }

  // Returns nothing at the end of the stream.
  std::optional<Event> Next() {
    while (next_ == response_.events_size()) {
      next_ = 0;
      response_.Clear();
      if (!reader_->Read(&response_)) return std::nullopt;
    }
    return response_.events(next_++);
  }
  grpc::Status Finish() { return reader_->Finish(); }

 private:
  TestCall call_;
  std::unique_ptr<admin::EventService::Stub> stub_;
  Reader reader_;
  admin::WatchEventsResponse response_;
  int next_ = 0;
};

admin::WatchEventsRequest WithInitialState() {
  admin::WatchEventsRequest request;
  request.set_include_initial_state(true);
  return request;
}

TEST(WatchEventsTest, SendsTheInitialStateThenABookmarkThenChanges) {
  GrpcFixture fixture;
  fixture.AddServer("a");
  Watch watch(fixture, WithInitialState());
  auto event = watch.Next();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->type(), Event::ADDED);
  EXPECT_EQ(event->server().name(), "servers/a");
  while (event && event->type() == Event::ADDED) event = watch.Next();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->type(), Event::BOOKMARK);
  EXPECT_FALSE(event->resume_token().empty());
  fixture.AddServer("b");
  event = watch.Next();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->server().name(), "servers/b");
}

TEST(WatchEventsTest, ResumesBehindAToken) {
  GrpcFixture fixture;
  std::string token;
  {
    admin::WatchEventsRequest request;
    fixture.AddServer("a");
    request.set_start_revision(fixture.supervisor.events().revision());
    Watch watch(fixture, request);
    fixture.AddServer("b");
    token = watch.Next()->resume_token();
  }
  fixture.AddServer("c");
  admin::WatchEventsRequest request;
  request.set_resume_token(token);
  Watch watch(fixture, request);
  EXPECT_EQ(watch.Next()->server().name(), "servers/c");
}

TEST(WatchEventsTest, TokenOfAnotherFilterIsRefused) {
  GrpcFixture fixture;
  fixture.AddServer("a");
  admin::WatchEventsRequest request;
  request.set_start_revision(1);
  std::string token;
  {
    Watch watch(fixture, request);
    fixture.AddServer("b");
    token = watch.Next()->resume_token();
  }
  request.set_resume_token(token);
  request.set_filter("kind = \"server\"");
  Watch watch(fixture, request);
  EXPECT_FALSE(watch.Next());
  EXPECT_EQ(ReasonIn(watch.Finish()), "FIELD_INVALID");
}

TEST(WatchEventsTest, TooOldARevisionIsCompacted) {
  GrpcFixture fixture({.kept_events = 2});
  for (const char* id : {"a", "b", "c", "d"}) fixture.AddServer(id);
  admin::WatchEventsRequest request;
  request.set_start_revision(1);
  Watch watch(fixture, request);
  EXPECT_FALSE(watch.Next());
  const grpc::Status status = watch.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::OUT_OF_RANGE);
  EXPECT_EQ(ReasonIn(status), "COMPACTED");
}

TEST(WatchEventsTest, SlowReaderGetsOverflowAndResumesWithoutAGap) {
  GrpcFixture fixture({.max_lag = 200, .kept_events = 100000});
  fixture.AddServer("first");
  Watch watch(fixture, WithInitialState());
  std::optional<Event> event = watch.Next();
  while (event && event->type() != Event::BOOKMARK) event = watch.Next();
  const int64_t start = event->revision();
  // The events are far more than flow control and one message hold.
  admin::Server spec;
  spec.set_root(std::string(4000, 'x'));
  for (int i = 0; i < 3000; ++i) {
    ASSERT_TRUE(
        fixture.supervisor.servers()
            .Create(absl::StrCat("s", i), spec, supervisor::Effect::kReal, {})
            .ok());
  }
  int64_t revision = start;
  for (event = watch.Next(); event && event->type() == Event::ADDED;
       event = watch.Next()) {
    EXPECT_EQ(event->revision(), revision + 1);
    revision = event->revision();
  }
  ASSERT_TRUE(event);
  ASSERT_EQ(event->type(), Event::OVERFLOW);
  EXPECT_EQ(event->revision(), revision);
  EXPECT_FALSE(watch.Next());
  EXPECT_TRUE(watch.Finish().ok());

  admin::WatchEventsRequest request;
  request.set_resume_token(event->resume_token());
  Watch resumed(fixture, request);
  EXPECT_EQ(resumed.Next()->revision(), revision + 1);
}

TEST(WatchEventsTest, SendsAResourceOnceMoreWhenItStopsToMatch) {
  GrpcFixture fixture;
  admin::WatchEventsRequest request = WithInitialState();
  request.set_filter("kind = \"server\" AND state = \"ACTIVE\"");
  fixture.AddServer("a");
  Watch watch(fixture, request);
  EXPECT_EQ(watch.Next()->server().name(), "servers/a");
  EXPECT_EQ(watch.Next()->type(), Event::BOOKMARK);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(fixture.supervisor.servers()
                    .SetDraining("a", "", true, supervisor::Effect::kReal,
                                 supervisor::Escapes::kWarn)
                    .ok());
  }
  fixture.AddServer("b");
  EXPECT_EQ(watch.Next()->server().state(), admin::Server::DRAINING);
  EXPECT_EQ(watch.Next()->server().name(), "servers/b");
}

TEST(WatchEventsTest, AWatchFollowsTheListOfADaemonWithoutServers) {
  GrpcFixture fixture;
  const auto stub = admin::ServerService::NewStub(fixture.channel);
  TestCall call;
  admin::ListServersResponse list;
  ASSERT_TRUE(stub->ListServers(&call, {}, &list).ok());
  admin::WatchEventsRequest request;
  request.set_start_revision(list.revision());
  fixture.AddServer("a");
  Watch watch(fixture, request);
  const auto event = watch.Next();
  ASSERT_TRUE(event) << watch.Finish().error_message();
  EXPECT_EQ(event->server().name(), "servers/a");
}

// The client knows the state before the watch from a list or a former watch.
class WatchOfKnownResourcesTest : public ::testing::Test {
 protected:
  WatchOfKnownResourcesTest() {
    request_.set_filter("kind = \"server\" AND state = \"ACTIVE\"");
    for (const char* id : {"a", "b"}) fixture_.AddServer(id);
  }
  void SetDraining(const std::string& id, bool draining) {
    ASSERT_TRUE(fixture_.supervisor.servers()
                    .SetDraining(id, "", draining, supervisor::Effect::kReal,
                                 supervisor::Escapes::kWarn)
                    .ok());
  }
  // Returns the servers that the watch of request_ sends before "last".
  std::vector<std::string> Told() {
    fixture_.AddServer("last");
    Watch watch(fixture_, request_);
    std::vector<std::string> told;
    while (const auto event = watch.Next()) {
      if (event->server().name() == "servers/last") break;
      told.push_back(event->server().name() + " " +
                     admin::Server::State_Name(event->server().state()));
    }
    return told;
  }

  GrpcFixture fixture_;
  admin::WatchEventsRequest request_;
};

TEST_F(WatchOfKnownResourcesTest, ResumingFromARevisionSendsThemOnceMore) {
  request_.set_start_revision(fixture_.supervisor.events().revision());
  for (int i = 0; i < 3; ++i) SetDraining("a", true);
  ASSERT_TRUE(
      fixture_.supervisor.servers()
          .Delete("b", "", supervisor::Force::kNo, supervisor::Effect::kReal)
          .ok());
  EXPECT_EQ(Told(), (std::vector<std::string>{"servers/a DRAINING",
                                              "servers/b STOPPED"}));
}

TEST_F(WatchOfKnownResourcesTest, ResumingFromATokenSendsThemOnceMore) {
  request_.set_start_revision(1);
  std::string token;
  {
    Watch watch(fixture_, request_);
    for (int i = 0; i < 2; ++i) token = watch.Next()->resume_token();
  }
  request_.set_resume_token(token);
  for (int i = 0; i < 3; ++i) SetDraining("a", true);
  EXPECT_EQ(Told(), std::vector<std::string>{"servers/a DRAINING"});
}

TEST_F(WatchOfKnownResourcesTest, DoesNotSendResourcesThatCannotHaveMatched) {
  supervisor::ConnectionSpec spec;
  spec.server_id = "a";
  spec.connection_id = "c";
  ASSERT_TRUE(fixture_.supervisor.connections()
                  .Start({spec}, supervisor::Effect::kReal)
                  .ok());
  request_.set_start_revision(fixture_.supervisor.events().revision());
  // The connection is of another kind, which no change can alter.
  fixture_.supervisor.SetConnectionState("a", "c", admin::Connection::MOUNTED);
  SetDraining("a", true);
  EXPECT_EQ(Told(), std::vector<std::string>{"servers/a DRAINING"});
}

TEST_F(WatchOfKnownResourcesTest, DoesNotSendANewResourceThatNeverMatches) {
  request_.set_filter("state = \"DRAINING\" OR labels.last = \"x\"");
  request_.set_start_revision(1);
  SetDraining("b", true);
  admin::Server last;
  (*last.mutable_labels())["last"] = "x";
  ASSERT_TRUE(fixture_.supervisor.servers()
                  .Create("end", last, supervisor::Effect::kReal, {})
                  .ok());
  Watch watch(fixture_, request_);
  EXPECT_EQ(watch.Next()->server().name(), "servers/b");
  EXPECT_EQ(watch.Next()->server().name(), "servers/end");
}

TEST(WatchEventsTest, SendsBookmarksInSilence) {
  GrpcFixture fixture({.bookmark_interval = absl::Milliseconds(20)});
  Watch watch(fixture);
  EXPECT_EQ(watch.Next()->type(), Event::BOOKMARK);
  EXPECT_EQ(watch.Next()->type(), Event::BOOKMARK);
}

TEST(WatchEventsTest, ShutdownEndsLiveStreamsWithABookmark) {
  GrpcFixture fixture;
  Watch watch(fixture, WithInitialState());
  EXPECT_EQ(watch.Next()->type(), Event::BOOKMARK);
  fixture.ShutDown();
  const auto event = watch.Next();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->type(), Event::BOOKMARK);
  EXPECT_FALSE(watch.Next());
  const grpc::Status status = watch.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ReasonIn(status), "SHUTTING_DOWN");
}

TEST(WatchEventsTest, TooManyWatchesAreRefused) {
  GrpcFixture fixture({.max_streams = 1});
  Watch first(fixture, WithInitialState());
  EXPECT_TRUE(first.Next());
  Watch second(fixture);
  EXPECT_FALSE(second.Next());
  EXPECT_EQ(second.Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST(WatchEventsTest, MissingServerAndMissingRoleAreErrors) {
  GrpcFixture fixture;
  admin::WatchEventsRequest request;
  request.set_parent("servers/none");
  Watch missing(fixture, request);
  EXPECT_EQ(ReasonIn(missing.Finish()), "SERVER_NOT_FOUND");
  fixture.caller.role = auth::Role::ROLE_UNSPECIFIED;
  Watch refused(fixture);
  const grpc::Status status = refused.Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(ReasonIn(status), "ROLE_REQUIRED");
}

}  // namespace
}  // namespace goferd::service
