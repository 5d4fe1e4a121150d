// MetricsCollector: the counters of goferd and its gofers, for Prometheus.

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

// Asks the supervisor at every scrape, which asks the gofers one after the
// other. Labels are states, kinds and message names: no client or administrator
// can choose a label, or the number of series would have no bound. The
// supervisor outlives it. Thread-safe; scrapes take turns.
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
