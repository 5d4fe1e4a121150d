#include "controlplane/service/connection_checks.h"

#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controlplane/config/bounds.h"
#include "controlplane/service/field_checks.h"
#include "controlplane/service/server_checks.h"

namespace goferd::service {
namespace {

using admin::BatchStartConnectionsRequest;
using admin::StartConnectionRequest;
using errors::FieldViolations;
using supervisor::ConnectionSpec;

constexpr int kMostRequests = 250;
constexpr size_t kMostReasonBytes = 1024;
constexpr absl::Duration kLeastTicketTtl = absl::Seconds(1);

// Checks all fields but `parent`, `request_id` and `validate_only`. `prefix` is
// empty or ends with a dot.
ConnectionSpec CheckStart(FieldViolations& violations, absl::string_view prefix,
                          const StartConnectionRequest& request) {
  const auto path = [prefix](absl::string_view field) {
    return absl::StrCat(prefix, field);
  };
  ConnectionSpec spec;
  CheckId(violations, path("connection_id"), request.connection_id());
  spec.connection_id = request.connection_id();
  CheckPath(violations, path("mount_path"), request.mount_path());
  spec.mount_path = CleanPath(request.mount_path());
  CheckConnectionOptions(violations, path("options"), request.options());
  spec.options = request.options();
  spec.options_field = path("options");
  CheckEnum(violations, path("attach_mode"), request.attach_mode());
  if (request.attach_mode() != admin::ATTACH_MODE_UNSPECIFIED) {
    spec.attach_mode = request.attach_mode();
  }
  if (request.has_expected_peer()) {
    spec.expected_peer = request.expected_peer();
    if (request.expected_peer().has_pid()) {
      CheckRange(violations, path("expected_peer.pid"),
                 request.expected_peer().pid(), 1,
                 std::numeric_limits<int32_t>::max());
    }
  }
  if (request.has_ticket_ttl()) {
    spec.ticket_ttl =
        CheckDuration(violations, path("ticket_ttl"), request.ticket_ttl(),
                      kLeastTicketTtl, config::kMostTicketTtl);
  }
  CheckLabels(violations, path("labels"), request.labels());
  spec.labels.assign(request.labels().begin(), request.labels().end());
  return spec;
}

// Checks and returns the server of one request of a batch.
std::string CheckParent(FieldViolations& violations, const std::string& prefix,
                        const BatchStartConnectionsRequest& batch,
                        const std::string& batch_server,
                        const StartConnectionRequest& request) {
  const std::string field = absl::StrCat(prefix, "parent");
  if (request.parent().empty() && batch_server != names::kAllIds) {
    return batch_server;
  }
  std::string server = CheckServerName(violations, field, request.parent());
  if (!server.empty() && !batch_server.empty() &&
      batch_server != names::kAllIds && server != batch_server) {
    violations.Add(field, absl::StrCat("must be empty or ", batch.parent()));
  }
  return server;
}

ConnectionSpec CheckOneOfBatch(FieldViolations& violations,
                               const BatchStartConnectionsRequest& batch,
                               const std::string& batch_server, int index) {
  const StartConnectionRequest& request = batch.requests(index);
  const std::string prefix = absl::StrCat("requests[", index, "].");
  const std::string server =
      CheckParent(violations, prefix, batch, batch_server, request);
  ConnectionSpec spec = CheckStart(violations, prefix, request);
  spec.server_id = server;
  if (!request.request_id().empty()) {
    violations.Add(absl::StrCat(prefix, "request_id"),
                   "must be empty: the batch has one");
  }
  if (request.validate_only()) {
    violations.Add(absl::StrCat(prefix, "validate_only"),
                   "must be false: the batch has one");
  }
  return spec;
}

}  // namespace

absl::StatusOr<ConnectionSpec> ReadStart(
    const StartConnectionRequest& request) {
  FieldViolations violations;
  const std::string server =
      CheckServerName(violations, "parent", request.parent());
  ConnectionSpec spec = CheckStart(violations, "", request);
  spec.server_id = server;
  CheckRequestId(violations, "request_id", request.request_id());
  if (!violations.empty()) return violations.ToStatus();
  return spec;
}

absl::StatusOr<std::vector<ConnectionSpec>> ReadBatchStart(
    const BatchStartConnectionsRequest& request) {
  FieldViolations violations;
  const std::string server = CheckServerName(
      violations, "parent", request.parent(), names::Wildcard::kAllowed);
  std::vector<ConnectionSpec> specs;
  if (request.requests().empty() || request.requests_size() > kMostRequests) {
    violations.Add("requests",
                   absl::StrCat("must be 1 to ", kMostRequests, " requests"));
  } else {
    for (int i = 0; i < request.requests_size(); ++i) {
      specs.push_back(CheckOneOfBatch(violations, request, server, i));
    }
  }
  CheckRequestId(violations, "request_id", request.request_id());
  if (!violations.empty()) return violations.ToStatus();
  return specs;
}

absl::StatusOr<names::ChildName> ReadStop(
    const admin::StopConnectionRequest& request) {
  FieldViolations violations;
  names::ChildName name =
      CheckConnectionName(violations, "name", request.name());
  CheckEnum(violations, "mode", request.mode());
  if (request.has_timeout()) {
    if (request.mode() == admin::StopConnectionRequest::ABORT) {
      violations.Add("timeout", "must be absent with ABORT");
    } else {
      CheckDuration(violations, "timeout", request.timeout(),
                    absl::Nanoseconds(1), absl::InfiniteDuration());
    }
  }
  CheckText(violations, "reason", request.reason(), kMostReasonBytes);
  CheckRequestId(violations, "request_id", request.request_id());
  if (!violations.empty()) return violations.ToStatus();
  return name;
}

}  // namespace goferd::service
