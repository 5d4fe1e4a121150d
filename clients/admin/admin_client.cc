#include "clients/admin/admin_client.h"

#include <utility>

#include "absl/synchronization/notification.h"
#include "clients/admin/channel.h"
#include "google/protobuf/wrappers.pb.h"
#include "grpcpp/generic/generic_stub.h"

namespace goferd::client {
namespace {

// Debian packages no code for grpc.health.v1. On the wire its request is a
// StringValue (1: service) and its response an Int32Value (1: status).
using HealthRequest = google::protobuf::StringValue;
using HealthResponse = google::protobuf::Int32Value;
using HealthStub = grpc::TemplatedGenericStub<HealthRequest, HealthResponse>;

struct HealthCaller {
  HealthStub stub;

  grpc::Status Check(grpc::ClientContext* context, const HealthRequest& request,
                     HealthResponse* response) {
    grpc::Status result;
    absl::Notification done;
    stub.UnaryCall(context, "/grpc.health.v1.Health/Check", grpc::StubOptions(),
                   &request, response, [&](grpc::Status status) {
                     result = std::move(status);
                     done.Notify();
                   });
    done.WaitForNotification();
    return result;
  }
};

}  // namespace

absl::StatusOr<std::unique_ptr<AdminClient>> AdminClient::Make(
    const Endpoint& endpoint) {
  auto channel = MakeChannel(endpoint);
  if (!channel.ok()) return channel.status();
  return std::make_unique<AdminClient>(*std::move(channel));
}

AdminClient::AdminClient(std::shared_ptr<grpc::Channel> channel)
    : channel_(std::move(channel)),
      servers_(channel_),
      connections_(channel_),
      handlers_(channel_),
      events_(channel_),
      stats_(channel_),
      daemon_(channel_) {}

absl::StatusOr<Health> AdminClient::CheckHealth(absl::string_view service,
                                                const CallOptions& options) {
  HealthRequest request;
  request.set_value(std::string(service));
  HealthCaller caller{HealthStub(channel_)};
  const auto response = Call(caller, &HealthCaller::Check, request, options);
  if (!response.ok()) return response.status();
  switch (response->value()) {
    case 1:
      return Health::kServing;
    case 2:
      return Health::kNotServing;
    default:
      return Health::kUnknown;
  }
}

}  // namespace goferd::client
