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

// Two of its connections hold their mount's FD.
class DirectfsStatistics : public goferd::testing::FakeStatistics {
 public:
  using FakeStatistics::FakeStatistics;

  supervisor::Totals GetTotals() const override {
    supervisor::Totals totals = FakeStatistics::GetTotals();
    totals.connections.mount_fd_donated = 2;
    return totals;
  }
};

TEST(MetricsCollectorTest, CountsConnectionsThatHoldTheirMountsFd) {
  goferd::testing::FakeState state(16);
  DirectfsStatistics statistics(state);
  const auto families = MetricsCollector(statistics).Collect();
  const auto family =
      std::find_if(families.begin(), families.end(), [](const auto& one) {
        return one.name == "goferd_mount_fd_connections";
      });
  ASSERT_NE(family, families.end());
  EXPECT_EQ(family->metric.at(0).gauge.value, 2);
}

}  // namespace
}  // namespace goferd::exporter
