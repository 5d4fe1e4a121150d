#include "controlplane/auth/method_policy.h"

#include <algorithm>
#include <array>

namespace goferd::auth {
namespace {

constexpr Role kAnybody = Role::ROLE_UNSPECIFIED;
constexpr Role kViewer = Role::ROLE_VIEWER;
constexpr Role kOperator = Role::ROLE_OPERATOR;
constexpr Role kChaos = Role::ROLE_CHAOS;
constexpr Role kAdmin = Role::ROLE_ADMIN;
using enum Kind;
using enum Runs;

// Reads that ask a gofer wait for it; they are not inline.
constexpr auto kPolicies = std::to_array<MethodPolicy>({
    {"/goferd.admin.v1.ServerService/CreateServer", kAdmin, kMutation,
     kOnExecutor},
    {"/goferd.admin.v1.ServerService/GetServer", kViewer, kRead, kInline},
    {"/goferd.admin.v1.ServerService/ListServers", kViewer, kRead, kInline},
    {"/goferd.admin.v1.ServerService/UpdateServer", kAdmin, kMutation,
     kOnExecutor},
    {"/goferd.admin.v1.ServerService/DeleteServer", kAdmin, kMutation,
     kOnExecutor},
    {"/goferd.admin.v1.ServerService/DrainServer", kOperator, kMutation,
     kOnExecutor},
    {"/goferd.admin.v1.ServerService/UndrainServer", kOperator, kMutation,
     kOnExecutor},
    {"/goferd.admin.v1.ServerService/WaitServer", kViewer, kRead, kInline},
    {"/goferd.admin.v1.ConnectionService/StartConnection", kOperator, kMutation,
     kOnExecutor},
    {"/goferd.admin.v1.ConnectionService/BatchStartConnections", kOperator,
     kMutation, kOnExecutor},
    {"/goferd.admin.v1.ConnectionService/GetConnection", kViewer, kRead,
     kInline},
    {"/goferd.admin.v1.ConnectionService/ListConnections", kViewer, kRead,
     kInline},
    {"/goferd.admin.v1.ConnectionService/StopConnection", kOperator, kMutation,
     kOnExecutor},
    {"/goferd.admin.v1.ConnectionService/GetActiveConnectionCount", kViewer,
     kRead, kInline},
    {"/goferd.admin.v1.HandlerService/ListHandlers", kViewer, kRead,
     kOnExecutor},
    {"/goferd.admin.v1.HandlerService/SetHandlers", kChaos, kMutation,
     kOnExecutor},
    {"/goferd.admin.v1.HandlerService/ResetHandlers", kChaos, kMutation,
     kOnExecutor},
    {"/goferd.admin.v1.HandlerService/CreateHandlerRule", kChaos, kMutation,
     kOnExecutor},
    {"/goferd.admin.v1.HandlerService/GetHandlerRule", kViewer, kRead,
     kOnExecutor},
    {"/goferd.admin.v1.HandlerService/ListHandlerRules", kViewer, kRead,
     kOnExecutor},
    {"/goferd.admin.v1.HandlerService/DeleteHandlerRule", kChaos, kMutation,
     kOnExecutor},
    {"/goferd.admin.v1.HandlerService/BatchUpsertHandlerRules", kChaos,
     kMutation, kOnExecutor},
    {"/goferd.admin.v1.EventService/WatchEvents", kViewer, kRead, kInline},
    {"/goferd.admin.v1.StatsService/GetStats", kViewer, kRead, kOnExecutor},
    {"/goferd.admin.v1.StatsService/WatchStats", kViewer, kRead, kOnExecutor},
    {"/goferd.admin.v1.DaemonService/GetInfo", kViewer, kRead, kInline},
    {"/goferd.admin.v1.DaemonService/SetLogLevel", kAdmin, kMutation,
     kOnExecutor},
    {"/goferd.admin.v1.DaemonService/ListInflightRpcs", kViewer, kRead,
     kOnExecutor},
    {"/grpc.health.v1.Health/Check", kAnybody, kRead, kInline},
    {"/grpc.health.v1.Health/Watch", kAnybody, kRead, kInline},
    {"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", kViewer,
     kRead, kInline},
    {"/grpc.channelz.v1.Channelz/GetTopChannels", kViewer, kRead, kInline},
    {"/grpc.channelz.v1.Channelz/GetServers", kViewer, kRead, kInline},
    {"/grpc.channelz.v1.Channelz/GetServer", kViewer, kRead, kInline},
    {"/grpc.channelz.v1.Channelz/GetServerSockets", kViewer, kRead, kInline},
    {"/grpc.channelz.v1.Channelz/GetChannel", kViewer, kRead, kInline},
    {"/grpc.channelz.v1.Channelz/GetSubchannel", kViewer, kRead, kInline},
    {"/grpc.channelz.v1.Channelz/GetSocket", kViewer, kRead, kInline},
});

}  // namespace

const MethodPolicy* FindMethodPolicy(absl::string_view method) {
  const auto* it = std::find_if(
      kPolicies.begin(), kPolicies.end(),
      [method](const MethodPolicy& row) { return row.method == method; });
  return it == kPolicies.end() ? nullptr : &*it;
}

std::span<const MethodPolicy> MethodPolicies() { return kPolicies; }

}  // namespace goferd::auth
