// DaemonMethods: the bodies of DaemonService.

#ifndef GOFERD_CONTROLPLANE_SERVICE_DAEMON_METHODS_H_
#define GOFERD_CONTROLPLANE_SERVICE_DAEMON_METHODS_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "controlplane/service/bodies.h"
#include "controlplane/service/inflight_pages.h"
#include "controlplane/service/request_id_cache.h"
#include "controlplane/supervisor/node.h"
#include "controlplane/supervisor/statistics.h"
#include "goferd/config/v1/config.pb.h"

namespace goferd::service {

// What the daemon knows of itself besides its configuration.
struct DaemonFacts {
  // Such as "0.1.0".
  std::string version;
  absl::Time start_time;
  // See DaemonInfo.capabilities.
  std::vector<std::string> capabilities;
};

// See daemon_service.proto. Thread-safe.
class DaemonMethods final : public DaemonBodies {
 public:
  // `node` and `request_ids` outlive the object. Asks the kernel what it has.
  DaemonMethods(const supervisor::Node& node, RequestIdCache& request_ids,
                DaemonFacts facts);

  absl::StatusOr<admin::DaemonInfo> GetInfo(
      const CallContext& context,
      const admin::GetInfoRequest& request) override;
  absl::StatusOr<admin::SetLogLevelResponse> SetLogLevel(
      const CallContext& context,
      const admin::SetLogLevelRequest& request) override;
  absl::StatusOr<admin::ListInflightRpcsResponse> ListInflightRpcs(
      const CallContext& context,
      const admin::ListInflightRpcsRequest& request) override;

 private:
  static admin::DaemonInfo MakeInfo(const supervisor::Node& node,
                                    const DaemonFacts& facts);

  supervisor::Statistics& statistics_;
  RequestIdCache& request_ids_;
  // Without the log level, which changes.
  const admin::DaemonInfo info_;
  InflightPages inflight_;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_DAEMON_METHODS_H_
