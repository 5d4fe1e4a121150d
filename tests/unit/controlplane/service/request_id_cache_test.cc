#include "controlplane/service/request_id_cache.h"

#include <gtest/gtest.h>

#include <string>

#include "controlplane/auth/methods.h"
#include "goferd/admin/v1/server.pb.h"
#include "goferd/admin/v1/server_service.pb.h"

namespace goferd::service {

namespace admin = goferd::admin::v1;

namespace {

using admin::Server;
using auth::methods::kCreateServer;
using auth::methods::kDrainServer;
using auth::methods::kUndrainServer;
using errors::Reason;
using errors::ReasonOf;

constexpr char kUuid[] = "123e4567-e89b-42d3-a456-426614174000";

class RequestIdCacheTest : public ::testing::Test {
 protected:
  static admin::DrainServerRequest Request(const std::string& request_id,
                                           const std::string& name = "a") {
    admin::DrainServerRequest request;
    request.set_request_id(request_id);
    request.set_name(name);
    return request;
  }

  static std::string Uuid(int number) {
    std::string text = std::to_string(number);
    return "123e4567-e89b-42d3-a456-" + std::string(12 - text.size(), '0') +
           text;
  }

  // Returns an answer that has the number of the run.
  absl::StatusOr<Server> Call(const admin::DrainServerRequest& request,
                              const auth::MethodPolicy& method = kDrainServer) {
    return cache_.Once<Server>(method, context_, request,
                               [&]() -> absl::StatusOr<Server> {
                                 ++runs_;
                                 if (!failure_.ok()) return failure_;
                                 Server server;
                                 server.set_name(std::to_string(runs_));
                                 return server;
                               });
  }

  absl::Time now_ = absl::UnixEpoch();
  RequestIdCache cache_{{3, 1000, absl::Hours(1)}, [this] { return now_; }};
  CallContext context_;
  int runs_ = 0;
  absl::Status failure_;
};

TEST_F(RequestIdCacheTest, ARepetitionGetsTheFirstAnswer) {
  EXPECT_EQ(Call(Request(kUuid))->name(), "1");
  EXPECT_EQ(Call(Request(kUuid))->name(), "1");
  EXPECT_EQ(runs_, 1);
}

TEST_F(RequestIdCacheTest, WithoutAnIdEveryRequestRuns) {
  EXPECT_EQ(Call(Request(""))->name(), "1");
  EXPECT_EQ(Call(Request(""))->name(), "2");
}

TEST_F(RequestIdCacheTest, DoesNotKeepTheAnswerOfValidateOnly) {
  auto request = Request(kUuid);
  request.set_validate_only(true);
  EXPECT_EQ(Call(request)->name(), "1");
  EXPECT_EQ(Call(Request(kUuid))->name(), "2");
}

TEST_F(RequestIdCacheTest, RefusesAnotherRequestWithTheSameId) {
  ASSERT_TRUE(Call(Request(kUuid)).ok());
  EXPECT_EQ(ReasonOf(Call(Request(kUuid, "b")).status()),
            Reason::REQUEST_ID_REUSED);
  EXPECT_EQ(ReasonOf(Call(Request(kUuid), kUndrainServer).status()),
            Reason::REQUEST_ID_REUSED);
  context_.caller.name = "uid=1 gid=1 pid=7";
  EXPECT_EQ(ReasonOf(Call(Request(kUuid)).status()), Reason::REQUEST_ID_REUSED);
  EXPECT_EQ(runs_, 1);
}

TEST_F(RequestIdCacheTest, RecognisesACallerThatWasStartedAnew) {
  context_.caller.name = "uid=1 gid=1 pid=7";
  ASSERT_TRUE(Call(Request(kUuid)).ok());
  context_.caller.name = "uid=1 gid=1 pid=8";
  EXPECT_EQ(Call(Request(kUuid))->name(), "1");
}

TEST_F(RequestIdCacheTest, LabelsInAnyOrderAreTheSameRequest) {
  const auto call = [this](const std::vector<std::string>& keys) {
    admin::CreateServerRequest request;
    request.set_request_id(kUuid);
    for (const std::string& key : keys) {
      (*request.mutable_server()->mutable_labels())[key] = "x";
    }
    return cache_.Once<Server>(kCreateServer, context_, request,
                               [] { return absl::StatusOr<Server>(Server()); });
  };
  EXPECT_TRUE(call({"a", "b", "c", "d", "e"}).ok());
  EXPECT_TRUE(call({"e", "d", "c", "b", "a"}).ok());
}

TEST_F(RequestIdCacheTest, AFailedRequestMayBeTriedAgain) {
  failure_ = errors::Error(Reason::OPERATION_PENDING, "later");
  EXPECT_FALSE(Call(Request(kUuid)).ok());
  failure_ = absl::OkStatus();
  EXPECT_EQ(Call(Request(kUuid))->name(), "2");
}

TEST_F(RequestIdCacheTest, ARepetitionWhileTheFirstRunsIsPending) {
  const auto request = Request(kUuid);
  absl::Status inner;
  ASSERT_TRUE(cache_
                  .Once<Server>(kDrainServer, context_, request,
                                [&]() -> absl::StatusOr<Server> {
                                  inner = Call(request).status();
                                  return Server();
                                })
                  .ok());
  EXPECT_EQ(ReasonOf(inner), Reason::OPERATION_PENDING);
  EXPECT_EQ(runs_, 0);
}

TEST_F(RequestIdCacheTest, ForgetsAnswersAfterTheirRetention) {
  ASSERT_TRUE(Call(Request(kUuid)).ok());
  now_ += absl::Minutes(59);
  EXPECT_EQ(Call(Request(kUuid))->name(), "1");
  now_ += absl::Minutes(2);
  EXPECT_EQ(Call(Request(kUuid))->name(), "2");
}

TEST_F(RequestIdCacheTest, ForgetsTheOldestAnswersFirst) {
  for (int i = 1; i <= 4; ++i) ASSERT_TRUE(Call(Request(Uuid(i))).ok());
  EXPECT_EQ(Call(Request(Uuid(4)))->name(), "4");
  EXPECT_EQ(Call(Request(Uuid(1)))->name(), "5");
}

TEST_F(RequestIdCacheTest, LargeAnswersPushOthersOut) {
  ASSERT_TRUE(Call(Request(Uuid(1))).ok());
  Server large;
  large.set_name(std::string(999, 'x'));
  ASSERT_TRUE(
      cache_
          .Once<Server>(kDrainServer, context_, Request(Uuid(2)),
                        [&]() -> absl::StatusOr<Server> { return large; })
          .ok());
  EXPECT_EQ(Call(Request(Uuid(1)))->name(), "2");
}

TEST_F(RequestIdCacheTest, StripsSecretsAndMakesThemAnew) {
  const auto call = [this] {
    return cache_.Once<Server>(
        kDrainServer, context_, Request(kUuid),
        [&]() -> absl::StatusOr<Server> {
          Server server;
          server.set_name("a");
          server.set_uid("secret");
          return server;
        },
        [](Server& kept) { kept.clear_uid(); },
        [](Server kept) -> absl::StatusOr<Server> {
          EXPECT_EQ(kept.uid(), "");
          kept.set_uid("renewed");
          return kept;
        });
  };
  EXPECT_EQ(call()->uid(), "secret");
  EXPECT_EQ(call()->uid(), "renewed");
}

}  // namespace
}  // namespace goferd::service
