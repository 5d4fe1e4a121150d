#include "controlplane/exporter/metrics_endpoint.h"

#include <prometheus/exposer.h>

#include <exception>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"

namespace goferd::exporter {
namespace {

constexpr size_t kThreads = 2;

}  // namespace

MetricsEndpoint::MetricsEndpoint(supervisor::Statistics& statistics)
    : collector_(std::make_shared<MetricsCollector>(statistics)) {}

MetricsEndpoint::~MetricsEndpoint() = default;

absl::StatusOr<std::unique_ptr<MetricsEndpoint>> MetricsEndpoint::Start(
    const std::string& address, supervisor::Statistics& statistics) {
  std::unique_ptr<MetricsEndpoint> endpoint(new MetricsEndpoint(statistics));
  // The library reports failures by an exception.
  try {
    endpoint->exposer_ =
        std::make_unique<prometheus::Exposer>(address, kThreads);
  } catch (const std::exception& error) {
    return errors::Error(
        errors::Reason::HOST_PERMISSION,
        absl::StrCat("cannot serve metrics on ", address, ": ", error.what()));
  }
  endpoint->exposer_->RegisterCollectable(endpoint->collector_);
  return endpoint;
}

int MetricsEndpoint::port() const {
  return exposer_->GetListeningPorts().front();
}

}  // namespace goferd::exporter
