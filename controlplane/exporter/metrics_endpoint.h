// MetricsEndpoint: where Prometheus reads the metrics.

#ifndef GOFERD_CONTROLPLANE_EXPORTER_METRICS_ENDPOINT_H_
#define GOFERD_CONTROLPLANE_EXPORTER_METRICS_ENDPOINT_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "controlplane/exporter/metrics_collector.h"
#include "controlplane/supervisor/statistics.h"

namespace prometheus {
class Exposer;
}  // namespace prometheus

namespace goferd::exporter {

// Serves /metrics over HTTP, without TLS and to everybody, on two threads of
// its own, from Start to its destruction.
class MetricsEndpoint {
 public:
  // `address` is "host:port"; with port 0 the kernel chooses one. Errors:
  // HOST_PERMISSION when it cannot listen there.
  static absl::StatusOr<std::unique_ptr<MetricsEndpoint>> Start(
      const std::string& address, supervisor::Statistics& statistics);
  ~MetricsEndpoint();

  // The port at which it listens.
  int port() const;

 private:
  explicit MetricsEndpoint(supervisor::Statistics& statistics);

  const std::shared_ptr<MetricsCollector> collector_;
  std::unique_ptr<prometheus::Exposer> exposer_;
};

}  // namespace goferd::exporter

#endif  // GOFERD_CONTROLPLANE_EXPORTER_METRICS_ENDPOINT_H_
