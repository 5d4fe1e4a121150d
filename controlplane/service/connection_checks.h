// Checks of requests about connections.

#ifndef GOFERD_CONTROLPLANE_SERVICE_CONNECTION_CHECKS_H_
#define GOFERD_CONTROLPLANE_SERVICE_CONNECTION_CHECKS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controlplane/names/resource_name.h"
#include "controlplane/supervisor/connection_spec.h"
#include "goferd/admin/v1/connection_service.pb.h"

namespace goferd::service {

namespace admin = goferd::admin::v1;

// Checks a request and turns it into the supervisor's terms. Errors:
// INVALID_ARGUMENT with all violations.
absl::StatusOr<supervisor::ConnectionSpec> ReadStart(
    const admin::StartConnectionRequest& request);
absl::StatusOr<std::vector<supervisor::ConnectionSpec>> ReadBatchStart(
    const admin::BatchStartConnectionsRequest& request);
// Checks a request and returns the connection to stop.
absl::StatusOr<names::ChildName> ReadStop(
    const admin::StopConnectionRequest& request);

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_CONNECTION_CHECKS_H_
