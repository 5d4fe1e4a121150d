#include "controlplane/supervisor/server_sweeper.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "controlplane/names/resource_name.h"
#include "controlplane/translate/time_conversion.h"
#include "tests/support/latch.h"
#include "tests/unit/controlplane/gofers/node_parts.h"

namespace goferd::supervisor {
namespace {

// Servers whose gofers hang when they are to end.
class HungServers : public Servers {
 public:
  absl::StatusOr<admin::Server> Create(absl::string_view, const admin::Server&,
                                       Effect,
                                       const state::v1::RequestKey&) override {
    return absl::UnimplementedError("");
  }
  absl::StatusOr<admin::Server> Get(absl::string_view) const override {
    return absl::UnimplementedError("");
  }
  int64_t Visit(absl::string_view,
                absl::FunctionRef<bool(const admin::Server&)>) const override {
    return 0;
  }
  absl::StatusOr<admin::Server> Update(
      absl::string_view, absl::string_view, Effect, Escapes,
      absl::FunctionRef<absl::Status(admin::Server&)>) override {
    return absl::UnimplementedError("");
  }
  absl::Status Delete(absl::string_view, absl::string_view, Force,
                      Effect) override {
    ++deletions_;
    asked_.Open();
    go_on_.Wait();
    return absl::OkStatus();
  }
  absl::StatusOr<admin::Server> SetDraining(absl::string_view,
                                            absl::string_view, bool, Effect,
                                            Escapes) override {
    return absl::UnimplementedError("");
  }

  std::atomic<int> deletions_ = 0;
  gofer::test::Latch asked_;
  gofer::test::Latch go_on_;
};

class ServerSweeperTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "sweeper-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    base_ = pattern;
    config::v1::DaemonConfig config;
    config.set_max_kept_events(100);
    parts_ = std::make_unique<gofers::NodeParts>(config, base_ + "/goferd");
    model::ServerRecord record;
    record.id = "web";
    record.resource.set_name(names::FormatServerName("web"));
    record.resource.set_state(admin::Server::ACTIVE);
    *record.resource.mutable_expire_time() =
        translate::ToProto(absl::Now() - absl::Minutes(1));
    const model::ModelLock lock(parts_->model);
    parts_->model.Add(lock,
                      std::make_shared<model::ServerEntry>(std::move(record)));
  }
  void TearDown() override {
    servers_.go_on_.Open();
    parts_->threads.Stop();
    parts_.reset();
    std::filesystem::remove_all(base_);
  }
  bool WaitIdle() {
    return parts_->threads.pool().WaitIdle(std::chrono::steady_clock::now() +
                                           std::chrono::seconds(30));
  }

  std::string base_;
  HungServers servers_;
  std::unique_ptr<gofers::NodeParts> parts_;
};

TEST_F(ServerSweeperTest, AsksAHungGoferToEndOnce) {
  ServerSweeper sweeper(parts_->model, parts_->threads, parts_->settings,
                        servers_);
  sweeper.Sweep(absl::Now());
  servers_.asked_.Wait();
  for (int second = 0; second < 30; ++second) sweeper.Sweep(absl::Now());
  servers_.go_on_.Open();
  EXPECT_TRUE(WaitIdle());
  EXPECT_EQ(servers_.deletions_, 1);
  // It is still there: the next try.
  sweeper.Sweep(absl::Now());
  EXPECT_TRUE(WaitIdle());
  EXPECT_EQ(servers_.deletions_, 2);
}

}  // namespace
}  // namespace goferd::supervisor
