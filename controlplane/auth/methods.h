// The methods of the admin API: one row for each, with its name and its policy.

#ifndef GOFERD_CONTROLPLANE_AUTH_METHODS_H_
#define GOFERD_CONTROLPLANE_AUTH_METHODS_H_

#include "controlplane/auth/caller.h"
#include "controlplane/auth/method_policy.h"

// A method's name is written only here. The code that serves a method names its
// row, so that a method without a policy does not compile.
namespace goferd::auth::methods {

inline constexpr Role kViewer = Role::ROLE_VIEWER;
inline constexpr Role kOperator = Role::ROLE_OPERATOR;
inline constexpr Role kChaos = Role::ROLE_CHAOS;
inline constexpr Role kAdmin = Role::ROLE_ADMIN;
using enum Kind;
using enum Runs;

// A read that asks a gofer waits for it, and is not inline: it would hold up
// one of gRPC's own threads.

// ServerService.
inline constexpr MethodPolicy kCreateServer = {
    "/goferd.admin.v1.ServerService/CreateServer", kAdmin, kMutation,
    kOnExecutor};
inline constexpr MethodPolicy kGetServer = {
    "/goferd.admin.v1.ServerService/GetServer", kViewer, kRead, kInline};
inline constexpr MethodPolicy kListServers = {
    "/goferd.admin.v1.ServerService/ListServers", kViewer, kRead, kInline};
inline constexpr MethodPolicy kUpdateServer = {
    "/goferd.admin.v1.ServerService/UpdateServer", kAdmin, kMutation,
    kOnExecutor};
inline constexpr MethodPolicy kDeleteServer = {
    "/goferd.admin.v1.ServerService/DeleteServer", kAdmin, kMutation,
    kOnExecutor};
inline constexpr MethodPolicy kDrainServer = {
    "/goferd.admin.v1.ServerService/DrainServer", kOperator, kMutation,
    kOnExecutor};
inline constexpr MethodPolicy kUndrainServer = {
    "/goferd.admin.v1.ServerService/UndrainServer", kOperator, kMutation,
    kOnExecutor};
inline constexpr MethodPolicy kWaitServer = {
    "/goferd.admin.v1.ServerService/WaitServer", kViewer, kRead, kInline};

// ConnectionService.
inline constexpr MethodPolicy kStartConnection = {
    "/goferd.admin.v1.ConnectionService/StartConnection", kOperator, kMutation,
    kOnExecutor};
inline constexpr MethodPolicy kBatchStartConnections = {
    "/goferd.admin.v1.ConnectionService/BatchStartConnections", kOperator,
    kMutation, kOnExecutor};
inline constexpr MethodPolicy kGetConnection = {
    "/goferd.admin.v1.ConnectionService/GetConnection", kViewer, kRead,
    kInline};
inline constexpr MethodPolicy kListConnections = {
    "/goferd.admin.v1.ConnectionService/ListConnections", kViewer, kRead,
    kInline};
inline constexpr MethodPolicy kStopConnection = {
    "/goferd.admin.v1.ConnectionService/StopConnection", kOperator, kMutation,
    kOnExecutor};
inline constexpr MethodPolicy kGetActiveConnectionCount = {
    "/goferd.admin.v1.ConnectionService/GetActiveConnectionCount", kViewer,
    kRead, kInline};

// HandlerService.
inline constexpr MethodPolicy kListHandlers = {
    "/goferd.admin.v1.HandlerService/ListHandlers", kViewer, kRead,
    kOnExecutor};
inline constexpr MethodPolicy kSetHandlers = {
    "/goferd.admin.v1.HandlerService/SetHandlers", kChaos, kMutation,
    kOnExecutor};
inline constexpr MethodPolicy kResetHandlers = {
    "/goferd.admin.v1.HandlerService/ResetHandlers", kChaos, kMutation,
    kOnExecutor};
inline constexpr MethodPolicy kCreateHandlerRule = {
    "/goferd.admin.v1.HandlerService/CreateHandlerRule", kChaos, kMutation,
    kOnExecutor};
inline constexpr MethodPolicy kGetHandlerRule = {
    "/goferd.admin.v1.HandlerService/GetHandlerRule", kViewer, kRead,
    kOnExecutor};
inline constexpr MethodPolicy kListHandlerRules = {
    "/goferd.admin.v1.HandlerService/ListHandlerRules", kViewer, kRead,
    kOnExecutor};
inline constexpr MethodPolicy kDeleteHandlerRule = {
    "/goferd.admin.v1.HandlerService/DeleteHandlerRule", kChaos, kMutation,
    kOnExecutor};
inline constexpr MethodPolicy kBatchUpsertHandlerRules = {
    "/goferd.admin.v1.HandlerService/BatchUpsertHandlerRules", kChaos,
    kMutation, kOnExecutor};

// EventService.
inline constexpr MethodPolicy kWatchEvents = {
    "/goferd.admin.v1.EventService/WatchEvents", kViewer, kRead, kInline};

// StatsService.
inline constexpr MethodPolicy kGetStats = {
    "/goferd.admin.v1.StatsService/GetStats", kViewer, kRead, kOnExecutor};
inline constexpr MethodPolicy kWatchStats = {
    "/goferd.admin.v1.StatsService/WatchStats", kViewer, kRead, kOnExecutor};

// DaemonService.
inline constexpr MethodPolicy kGetInfo = {
    "/goferd.admin.v1.DaemonService/GetInfo", kViewer, kRead, kInline};
inline constexpr MethodPolicy kSetLogLevel = {
    "/goferd.admin.v1.DaemonService/SetLogLevel", kAdmin, kMutation,
    kOnExecutor};
inline constexpr MethodPolicy kListInflightRpcs = {
    "/goferd.admin.v1.DaemonService/ListInflightRpcs", kViewer, kRead,
    kOnExecutor};

}  // namespace goferd::auth::methods

#endif  // GOFERD_CONTROLPLANE_AUTH_METHODS_H_
