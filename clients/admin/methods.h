// Methods: the unary calls of the admin API, a row for each.

#ifndef GOFERD_CLIENTS_ADMIN_METHODS_H_
#define GOFERD_CLIENTS_ADMIN_METHODS_H_

// The messages are only declared here: whoever makes a call includes the
// messages of its service.
namespace google::protobuf {
class Empty;
}  // namespace google::protobuf

namespace goferd::admin::v1 {
class BatchStartConnectionsRequest;
class BatchStartConnectionsResponse;
class BatchUpsertHandlerRulesRequest;
class BatchUpsertHandlerRulesResponse;
class Connection;
class CreateHandlerRuleRequest;
class CreateServerRequest;
class DaemonInfo;
class DeleteHandlerRuleRequest;
class DeleteServerRequest;
class DrainServerRequest;
class GetActiveConnectionCountRequest;
class GetActiveConnectionCountResponse;
class GetConnectionRequest;
class GetHandlerRuleRequest;
class GetInfoRequest;
class GetServerRequest;
class GetStatsRequest;
class HandlerRule;
class ListConnectionsRequest;
class ListConnectionsResponse;
class ListHandlerRulesRequest;
class ListHandlerRulesResponse;
class ListHandlersRequest;
class ListHandlersResponse;
class ListInflightRpcsRequest;
class ListInflightRpcsResponse;
class ListServersRequest;
class ListServersResponse;
class ResetHandlersRequest;
class ResetHandlersResponse;
class Server;
class SetHandlersRequest;
class SetHandlersResponse;
class SetLogLevelRequest;
class SetLogLevelResponse;
class StartConnectionRequest;
class StartConnectionResponse;
class Stats;
class StopConnectionRequest;
class UndrainServerRequest;
class UpdateServerRequest;
class WaitServerRequest;
}  // namespace goferd::admin::v1

namespace goferd::client {

// A unary method. AdminClient::Call makes the call.
template <class Request, class Response>
struct Method {
  // The path that gRPC sends: "/package.Service/Method".
  const char* path;
};

namespace methods {

using namespace admin::v1;  // NOLINT: the messages of the rows.

// ServerService.
inline constexpr Method<CreateServerRequest, Server> kCreateServer{
    "/goferd.admin.v1.ServerService/CreateServer"};
inline constexpr Method<GetServerRequest, Server> kGetServer{
    "/goferd.admin.v1.ServerService/GetServer"};
inline constexpr Method<ListServersRequest, ListServersResponse> kListServers{
    "/goferd.admin.v1.ServerService/ListServers"};
inline constexpr Method<UpdateServerRequest, Server> kUpdateServer{
    "/goferd.admin.v1.ServerService/UpdateServer"};
inline constexpr Method<DeleteServerRequest, google::protobuf::Empty>
    kDeleteServer{"/goferd.admin.v1.ServerService/DeleteServer"};
inline constexpr Method<DrainServerRequest, Server> kDrainServer{
    "/goferd.admin.v1.ServerService/DrainServer"};
inline constexpr Method<UndrainServerRequest, Server> kUndrainServer{
    "/goferd.admin.v1.ServerService/UndrainServer"};
inline constexpr Method<WaitServerRequest, Server> kWaitServer{
    "/goferd.admin.v1.ServerService/WaitServer"};

// ConnectionService.
inline constexpr Method<StartConnectionRequest, StartConnectionResponse>
    kStartConnection{"/goferd.admin.v1.ConnectionService/StartConnection"};
inline constexpr Method<BatchStartConnectionsRequest,
                        BatchStartConnectionsResponse>
    kBatchStartConnections{
        "/goferd.admin.v1.ConnectionService/BatchStartConnections"};
inline constexpr Method<GetConnectionRequest, Connection> kGetConnection{
    "/goferd.admin.v1.ConnectionService/GetConnection"};
inline constexpr Method<ListConnectionsRequest, ListConnectionsResponse>
    kListConnections{"/goferd.admin.v1.ConnectionService/ListConnections"};
inline constexpr Method<StopConnectionRequest, Connection> kStopConnection{
    "/goferd.admin.v1.ConnectionService/StopConnection"};
inline constexpr Method<GetActiveConnectionCountRequest,
                        GetActiveConnectionCountResponse>
    kGetActiveConnectionCount{
        "/goferd.admin.v1.ConnectionService/GetActiveConnectionCount"};

// HandlerService.
inline constexpr Method<ListHandlersRequest, ListHandlersResponse>
    kListHandlers{"/goferd.admin.v1.HandlerService/ListHandlers"};
inline constexpr Method<SetHandlersRequest, SetHandlersResponse> kSetHandlers{
    "/goferd.admin.v1.HandlerService/SetHandlers"};
inline constexpr Method<ResetHandlersRequest, ResetHandlersResponse>
    kResetHandlers{"/goferd.admin.v1.HandlerService/ResetHandlers"};
inline constexpr Method<CreateHandlerRuleRequest, HandlerRule>
    kCreateHandlerRule{"/goferd.admin.v1.HandlerService/CreateHandlerRule"};
inline constexpr Method<GetHandlerRuleRequest, HandlerRule> kGetHandlerRule{
    "/goferd.admin.v1.HandlerService/GetHandlerRule"};
inline constexpr Method<ListHandlerRulesRequest, ListHandlerRulesResponse>
    kListHandlerRules{"/goferd.admin.v1.HandlerService/ListHandlerRules"};
inline constexpr Method<DeleteHandlerRuleRequest, google::protobuf::Empty>
    kDeleteHandlerRule{"/goferd.admin.v1.HandlerService/DeleteHandlerRule"};
inline constexpr Method<BatchUpsertHandlerRulesRequest,
                        BatchUpsertHandlerRulesResponse>
    kBatchUpsertHandlerRules{
        "/goferd.admin.v1.HandlerService/BatchUpsertHandlerRules"};

// StatsService.
inline constexpr Method<GetStatsRequest, Stats> kGetStats{
    "/goferd.admin.v1.StatsService/GetStats"};

// DaemonService.
inline constexpr Method<GetInfoRequest, DaemonInfo> kGetInfo{
    "/goferd.admin.v1.DaemonService/GetInfo"};
inline constexpr Method<SetLogLevelRequest, SetLogLevelResponse> kSetLogLevel{
    "/goferd.admin.v1.DaemonService/SetLogLevel"};
inline constexpr Method<ListInflightRpcsRequest, ListInflightRpcsResponse>
    kListInflightRpcs{"/goferd.admin.v1.DaemonService/ListInflightRpcs"};

}  // namespace methods
}  // namespace goferd::client

#endif  // GOFERD_CLIENTS_ADMIN_METHODS_H_
