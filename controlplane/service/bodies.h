// The bodies of the admin API's methods: what they do, without gRPC.

#ifndef GOFERD_CONTROLPLANE_SERVICE_BODIES_H_
#define GOFERD_CONTROLPLANE_SERVICE_BODIES_H_

#include <google/protobuf/empty.pb.h>

#include "absl/status/statusor.h"
#include "controlplane/service/call_context.h"
#include "goferd/admin/v1/connection.pb.h"
#include "goferd/admin/v1/connection_service.pb.h"
#include "goferd/admin/v1/daemon_service.pb.h"
#include "goferd/admin/v1/handler_rule.pb.h"
#include "goferd/admin/v1/handler_service.pb.h"
#include "goferd/admin/v1/server.pb.h"
#include "goferd/admin/v1/server_service.pb.h"
#include "goferd/admin/v1/stats.pb.h"
#include "goferd/admin/v1/stats_service.pb.h"

namespace goferd::service {

namespace admin = goferd::admin::v1;

// Each method checks its request, does the work and answers. They are called
// from many threads at once, and may block unless method_policy.h says that
// they run inline. Errors are made by controlplane/errors. The watches and
// WaitServer are not here: they never end by themselves, see watch_events.h,
// watch_stats.h and wait_server.h.

class ServerBodies {
 public:
  virtual ~ServerBodies() = default;
  virtual absl::StatusOr<admin::Server> CreateServer(
      const CallContext& context,
      const admin::CreateServerRequest& request) = 0;
  virtual absl::StatusOr<admin::Server> GetServer(
      const CallContext& context, const admin::GetServerRequest& request) = 0;
  virtual absl::StatusOr<admin::ListServersResponse> ListServers(
      const CallContext& context, const admin::ListServersRequest& request) = 0;
  virtual absl::StatusOr<admin::Server> UpdateServer(
      const CallContext& context,
      const admin::UpdateServerRequest& request) = 0;
  virtual absl::StatusOr<google::protobuf::Empty> DeleteServer(
      const CallContext& context,
      const admin::DeleteServerRequest& request) = 0;
  virtual absl::StatusOr<admin::Server> DrainServer(
      const CallContext& context, const admin::DrainServerRequest& request) = 0;
  virtual absl::StatusOr<admin::Server> UndrainServer(
      const CallContext& context,
      const admin::UndrainServerRequest& request) = 0;
};

class ConnectionBodies {
 public:
  virtual ~ConnectionBodies() = default;
  virtual absl::StatusOr<admin::StartConnectionResponse> StartConnection(
      const CallContext& context,
      const admin::StartConnectionRequest& request) = 0;
  virtual absl::StatusOr<admin::BatchStartConnectionsResponse>
  BatchStartConnections(const CallContext& context,
                        const admin::BatchStartConnectionsRequest& request) = 0;
  virtual absl::StatusOr<admin::Connection> GetConnection(
      const CallContext& context,
      const admin::GetConnectionRequest& request) = 0;
  virtual absl::StatusOr<admin::ListConnectionsResponse> ListConnections(
      const CallContext& context,
      const admin::ListConnectionsRequest& request) = 0;
  virtual absl::StatusOr<admin::Connection> StopConnection(
      const CallContext& context,
      const admin::StopConnectionRequest& request) = 0;
  virtual absl::StatusOr<admin::GetActiveConnectionCountResponse>
  GetActiveConnectionCount(
      const CallContext& context,
      const admin::GetActiveConnectionCountRequest& request) = 0;
};

class HandlerBodies {
 public:
  virtual ~HandlerBodies() = default;
  virtual absl::StatusOr<admin::ListHandlersResponse> ListHandlers(
      const CallContext& context,
      const admin::ListHandlersRequest& request) = 0;
  virtual absl::StatusOr<admin::SetHandlersResponse> SetHandlers(
      const CallContext& context, const admin::SetHandlersRequest& request) = 0;
  virtual absl::StatusOr<admin::ResetHandlersResponse> ResetHandlers(
      const CallContext& context,
      const admin::ResetHandlersRequest& request) = 0;
  virtual absl::StatusOr<admin::HandlerRule> CreateHandlerRule(
      const CallContext& context,
      const admin::CreateHandlerRuleRequest& request) = 0;
  virtual absl::StatusOr<admin::HandlerRule> GetHandlerRule(
      const CallContext& context,
      const admin::GetHandlerRuleRequest& request) = 0;
  virtual absl::StatusOr<admin::ListHandlerRulesResponse> ListHandlerRules(
      const CallContext& context,
      const admin::ListHandlerRulesRequest& request) = 0;
  virtual absl::StatusOr<google::protobuf::Empty> DeleteHandlerRule(
      const CallContext& context,
      const admin::DeleteHandlerRuleRequest& request) = 0;
  virtual absl::StatusOr<admin::BatchUpsertHandlerRulesResponse>
  BatchUpsertHandlerRules(
      const CallContext& context,
      const admin::BatchUpsertHandlerRulesRequest& request) = 0;
};

class StatsBodies {
 public:
  virtual ~StatsBodies() = default;
  virtual absl::StatusOr<admin::Stats> GetStats(
      const CallContext& context, const admin::GetStatsRequest& request) = 0;
};

class DaemonBodies {
 public:
  virtual ~DaemonBodies() = default;
  virtual absl::StatusOr<admin::DaemonInfo> GetInfo(
      const CallContext& context, const admin::GetInfoRequest& request) = 0;
  virtual absl::StatusOr<admin::SetLogLevelResponse> SetLogLevel(
      const CallContext& context, const admin::SetLogLevelRequest& request) = 0;
  virtual absl::StatusOr<admin::ListInflightRpcsResponse> ListInflightRpcs(
      const CallContext& context,
      const admin::ListInflightRpcsRequest& request) = 0;
};

// All of them; not owned.
struct Bodies {
  ServerBodies& servers;
  ConnectionBodies& connections;
  HandlerBodies& handlers;
  StatsBodies& stats;
  DaemonBodies& daemon;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_BODIES_H_
