// MetricsCollector: what goferd and its gofers count, for Prometheus.

#ifndef GOFERD_CONTROLPLANE_EXPORTER_METRICS_COLLECTOR_H_
#define GOFERD_CONTROLPLANE_EXPORTER_METRICS_COLLECTOR_H_

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include <map>
#include <string>
#include <vector>

#include "controlplane/exporter/message_totals.h"
#include "controlplane/supervisor/statistics.h"
#include "server/base/mutex.h"

namespace goferd::exporter {

// Asks the supervisor at every scrape, and it the gofers, one after the other.
// Labels are states, kinds and message names: none is a client's or an
// administrator's to choose, so that their number is bounded. The supervisor
// outlives it. Thread-safe; scrapes take turns.
class MetricsCollector : public prometheus::Collectable {
 public:
  explicit MetricsCollector(supervisor::Statistics& statistics)
      : statistics_(statistics) {}

  std::vector<prometheus::MetricFamily> Collect() const override;

 private:
  supervisor::Statistics& statistics_;
  mutable gofer::base::Mutex mu_;
  mutable MessageTotals totals_ ABSL_GUARDED_BY(mu_);
};

}  // namespace goferd::exporter

#endif  // GOFERD_CONTROLPLANE_EXPORTER_METRICS_COLLECTOR_H_
