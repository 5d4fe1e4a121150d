// FakeStatistics: counters that stand still.

#ifndef GOFERD_TESTS_SUPPORT_FAKE_STATISTICS_H_
#define GOFERD_TESTS_SUPPORT_FAKE_STATISTICS_H_

#include "controlplane/supervisor/statistics.h"
#include "controlplane/supervisor/stats_lists.h"
#include "tests/support/fake_state.h"

namespace goferd::testing {

// Thread-safe; `state` outlives it.
class FakeStatistics : public supervisor::Statistics {
 public:
  explicit FakeStatistics(FakeState& state) : state_(state) {}
  absl::StatusOr<supervisor::StatsList> GetStats(
      const names::ServerScope& servers,
      const std::optional<names::ConnectionScope>& connections) override;
  absl::StatusOr<supervisor::InflightList> ListInflight(
      const names::ServerScope& servers,
      const names::ConnectionScope& connections,
      absl::Duration min_age) override;
  absl::StatusOr<supervisor::LogLevelChange> SetGoferLogLevel(
      const names::ServerScope& servers, admin::v1::LogLevel level,
      supervisor::Effect effect) override;
  supervisor::Totals GetTotals() const override;

 private:
  FakeState& state_;
};

}  // namespace goferd::testing

#endif  // GOFERD_TESTS_SUPPORT_FAKE_STATISTICS_H_
