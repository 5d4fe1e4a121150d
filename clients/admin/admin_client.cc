#include "clients/admin/admin_client.h"

#include "clients/admin/channel.h"
#include "clients/admin/error_details.h"
#include "clients/admin/utf8.h"
#include "goferd/admin/v1/event_service.grpc.pb.h"
#include "goferd/admin/v1/stats_service.grpc.pb.h"
#include "google/protobuf/message.h"
#include "google/protobuf/wrappers.pb.h"
#include "grpcpp/channel.h"
#include "grpcpp/completion_queue.h"
#include "grpcpp/generic/generic_stub.h"

namespace goferd::client {
namespace {

using google::protobuf::MessageLite;
using AnyStub = grpc::TemplatedGenericStub<MessageLite, MessageLite>;

// Waits on a queue of its own, so that no thread of gRPC is woken in between.
grpc::Status CallOnce(AnyStub& stub, grpc::ClientContext& context,
                      const char* path, const MessageLite& request,
                      MessageLite* response) {
  grpc::CompletionQueue queue;
  const auto reader = stub.PrepareUnaryCall(&context, path, request, &queue);
  reader->StartCall();
  grpc::Status status;
  reader->Finish(response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  return status;
}

template <class Response>
absl::Status Follow(grpc::ClientContext& call,
                    grpc::ClientReader<Response>& stream,
                    const std::function<bool(const Response&)>& take) {
  Response response;
  while (stream.Read(&response)) {
    if (take(response)) continue;
    call.TryCancel();
    stream.Finish();
    return absl::OkStatus();
  }
  return ToAbslStatus(stream.Finish());
}

}  // namespace

absl::StatusOr<std::unique_ptr<AdminClient>> AdminClient::Make(
    const Endpoint& endpoint) {
  auto channel = MakeChannel(endpoint);
  if (!channel.ok()) return channel.status();
  return std::make_unique<AdminClient>(*std::move(channel));
}

AdminClient::AdminClient(std::shared_ptr<grpc::Channel> channel)
    : channel_(std::move(channel)) {}

absl::Status AdminClient::CallPath(const char* path, const MessageLite& request,
                                   MessageLite* response,
                                   const CallOptions& options) {
  if (const auto* const whole =
          dynamic_cast<const google::protobuf::Message*>(&request)) {
    if (absl::Status checked = CheckTexts(*whole); !checked.ok()) {
      return checked;
    }
  }
  AnyStub stub(channel_);
  return CallRepeatedly(options, [&](grpc::ClientContext& context) {
    return CallOnce(stub, context, path, request, response);
  });
}

absl::Status AdminClient::WatchEvents(
    grpc::ClientContext& call, const admin::v1::WatchEventsRequest& request,
    const std::function<bool(const admin::v1::WatchEventsResponse&)>& take) {
  if (absl::Status checked = CheckTexts(request); !checked.ok()) return checked;
  admin::v1::EventService::Stub stub(channel_);
  return Follow(call, *stub.WatchEvents(&call, request), take);
}

absl::Status AdminClient::WatchStats(
    grpc::ClientContext& call, const admin::v1::WatchStatsRequest& request,
    const std::function<bool(const admin::v1::WatchStatsResponse&)>& take) {
  if (absl::Status checked = CheckTexts(request); !checked.ok()) return checked;
  admin::v1::StatsService::Stub stub(channel_);
  return Follow(call, *stub.WatchStats(&call, request), take);
}

// Debian packages no code for grpc.health.v1. On the wire its request is a
// StringValue (1: service) and its response an Int32Value (1: status).
absl::StatusOr<Health> AdminClient::CheckHealth(absl::string_view service,
                                                const CallOptions& options) {
  constexpr Method<google::protobuf::StringValue, google::protobuf::Int32Value>
      kCheck{"/grpc.health.v1.Health/Check"};
  google::protobuf::StringValue request;
  request.set_value(std::string(service));
  const auto response = Call(kCheck, request, options);
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
