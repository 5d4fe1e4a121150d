#include "controlplane/daemon/grpc_limits.h"

#include <grpc/grpc.h>
#include <grpcpp/resource_quota.h>

#include <algorithm>
#include <limits>

#include "controlplane/translate/time_conversion.h"

namespace goferd::daemon {
namespace {

// Bounds gRPC's own services (reflection and channelz), which have a thread for
// each call: further streams get RESOURCE_EXHAUSTED from the last thread, which
// does nothing else. Our services use callbacks, which do not count. gRPC
// aborts when the bound is below the number that it begins with, which is 1.
constexpr int kMostSyncThreads = 64;

int Milliseconds(const google::protobuf::Duration& duration) {
  const int64_t ms = absl::ToInt64Milliseconds(translate::ToDuration(duration));
  return static_cast<int>(
      std::min<int64_t>(ms, std::numeric_limits<int>::max()));
}

}  // namespace

void SetLimits(const config::v1::GrpcConfig& config,
               grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(config.max_request_bytes());
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS,
                             config.max_concurrent_streams());
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE,
                             config.max_metadata_bytes());
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS,
                             Milliseconds(config.keepalive_interval()));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                             Milliseconds(config.keepalive_timeout()));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder.AddChannelArgument(
      GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
      Milliseconds(config.min_client_ping_interval()));
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  grpc::ResourceQuota quota("goferd");
  quota.Resize(static_cast<size_t>(config.max_memory_bytes()));
  quota.SetMaxThreads(kMostSyncThreads);
  builder.SetResourceQuota(quota);
}

}  // namespace goferd::daemon
