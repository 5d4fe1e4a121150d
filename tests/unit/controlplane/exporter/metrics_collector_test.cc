#include "controlplane/exporter/metrics_collector.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "tests/support/fake_supervisor.h"

namespace goferd::exporter {
namespace {

// Its gofers take a while to answer.
class SlowSupervisor : public goferd::testing::FakeSupervisor {
 public:
  absl::StatusOr<StatsList> GetStats(absl::string_view server_id,
                                     absl::string_view connection_id) override {
    const int now_asking = ++asking_;
    most_ = std::max(most_.load(), now_asking);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    --asking_;
    return FakeSupervisor::GetStats(server_id, connection_id);
  }
  int most() const { return most_; }

 private:
  std::atomic<int> asking_ = 0;
  std::atomic<int> most_ = 0;
};

TEST(MetricsCollectorTest, ScrapesTakeTurns) {
  SlowSupervisor supervisor;
  const MetricsCollector collector(supervisor);
  std::vector<std::thread> scrapes;
  for (int i = 0; i < 4; ++i) {
    scrapes.emplace_back([&] { EXPECT_FALSE(collector.Collect().empty()); });
  }
  for (std::thread& scrape : scrapes) scrape.join();
  EXPECT_EQ(supervisor.most(), 1);
}

}  // namespace
}  // namespace goferd::exporter
