#include "controlplane/exporter/metrics_collector.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "tests/support/fake_statistics.h"

namespace goferd::exporter {
namespace {

// Statistics of gofers that take a while to answer.
class SlowStatistics : public goferd::testing::FakeStatistics {
 public:
  using FakeStatistics::FakeStatistics;

  absl::StatusOr<supervisor::StatsList> GetStats(
      const names::ServerScope& servers,
      const std::optional<names::ConnectionScope>& connections) override {
    const int now_asking = ++asking_;
    most_ = std::max(most_.load(), now_asking);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    --asking_;
    return FakeStatistics::GetStats(servers, connections);
  }
  int most() const { return most_; }

 private:
  std::atomic<int> asking_ = 0;
  std::atomic<int> most_ = 0;
};

TEST(MetricsCollectorTest, ScrapesTakeTurns) {
  goferd::testing::FakeState state(16);
  SlowStatistics statistics(state);
  const MetricsCollector collector(statistics);
  std::vector<std::thread> scrapes;
  for (int i = 0; i < 4; ++i) {
    scrapes.emplace_back([&] { EXPECT_FALSE(collector.Collect().empty()); });
  }
  for (std::thread& scrape : scrapes) scrape.join();
  EXPECT_EQ(statistics.most(), 1);
}

}  // namespace
}  // namespace goferd::exporter
