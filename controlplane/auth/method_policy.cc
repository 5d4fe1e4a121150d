#include "controlplane/auth/method_policy.h"

#include <algorithm>
#include <array>

#include "controlplane/auth/methods.h"

namespace goferd::auth {
namespace {

constexpr Role kAnybody = Role::ROLE_UNSPECIFIED;
using enum Kind;
using enum Runs;
using methods::kViewer;

// The admin API's methods come first, and then the methods of gRPC's own
// services, whose names have no other row.
constexpr auto kPolicies = std::to_array<MethodPolicy>({
    methods::kCreateServer,
    methods::kGetServer,
    methods::kListServers,
    methods::kUpdateServer,
    methods::kDeleteServer,
    methods::kDrainServer,
    methods::kUndrainServer,
    methods::kWaitServer,
    methods::kStartConnection,
    methods::kBatchStartConnections,
    methods::kGetConnection,
    methods::kListConnections,
    methods::kStopConnection,
    methods::kGetActiveConnectionCount,
    methods::kListHandlers,
    methods::kSetHandlers,
    methods::kResetHandlers,
    methods::kCreateHandlerRule,
    methods::kGetHandlerRule,
    methods::kListHandlerRules,
    methods::kDeleteHandlerRule,
    methods::kBatchUpsertHandlerRules,
    methods::kWatchEvents,
    methods::kGetStats,
    methods::kWatchStats,
    methods::kGetInfo,
    methods::kSetLogLevel,
    methods::kListInflightRpcs,
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
