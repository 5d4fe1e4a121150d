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

// What the supervisor is asked for, by a request that is right. Errors:
// INVALID_ARGUMENT with all violations.
absl::StatusOr<supervisor::ConnectionSpec> ReadStart(
    const admin::StartConnectionRequest& request);
absl::StatusOr<std::vector<supervisor::ConnectionSpec>> ReadBatchStart(
    const admin::BatchStartConnectionsRequest& request);
// The connection to stop.
absl::StatusOr<names::ChildName> ReadStop(
    const admin::StopConnectionRequest& request);

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_CONNECTION_CHECKS_H_
