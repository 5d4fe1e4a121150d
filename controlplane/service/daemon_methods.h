// DaemonMethods: the bodies of DaemonService.

#ifndef GOFERD_CONTROLPLANE_SERVICE_DAEMON_METHODS_H_
#define GOFERD_CONTROLPLANE_SERVICE_DAEMON_METHODS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controlplane/service/call_context.h"
#include "controlplane/service/inflight_pages.h"
#include "controlplane/service/request_id_cache.h"
#include "controlplane/supervisor/node.h"
#include "controlplane/supervisor/statistics.h"
#include "goferd/admin/v1/daemon_service.pb.h"
#include "goferd/config/v1/config.pb.h"

namespace goferd::service {

namespace admin = goferd::admin::v1;

// Facts about the daemon that are not in its configuration.
struct DaemonFacts {
  // The release, such as "0.1.0".
  std::string version;
  absl::Time start_time;
  // See DaemonInfo.capabilities.
  std::vector<std::string> capabilities;
};

// See daemon_service.proto. Thread-safe.
class DaemonMethods {
 public:
  // `node` and `request_ids` outlive the object. Asks the kernel for its
  // features.
  DaemonMethods(const supervisor::Node& node, RequestIdCache& request_ids,
                DaemonFacts facts);

  absl::StatusOr<admin::DaemonInfo> GetInfo(
      const CallContext& context, const admin::GetInfoRequest& request);
  absl::StatusOr<admin::SetLogLevelResponse> SetLogLevel(
      const CallContext& context, const admin::SetLogLevelRequest& request);
  absl::StatusOr<admin::ListInflightRpcsResponse> ListInflightRpcs(
      const CallContext& context,
      const admin::ListInflightRpcsRequest& request);

 private:
  static admin::DaemonInfo MakeInfo(const supervisor::Node& node,
                                    const DaemonFacts& facts);

  supervisor::Statistics& statistics_;
  RequestIdCache& request_ids_;
  // The log level is not filled in, since it changes.
  const admin::DaemonInfo info_;
  InflightPages inflight_;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_DAEMON_METHODS_H_
