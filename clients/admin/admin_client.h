// AdminClient: the admin API of one goferd.

#ifndef GOFERD_CLIENTS_ADMIN_ADMIN_CLIENT_H_
#define GOFERD_CLIENTS_ADMIN_ADMIN_CLIENT_H_

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "clients/admin/call.h"
#include "clients/admin/endpoint.h"
#include "clients/admin/methods.h"
#include "clients/admin/request_id.h"

namespace google::protobuf {
class MessageLite;
}  // namespace google::protobuf

namespace goferd::admin::v1 {
class WatchEventsRequest;
class WatchEventsResponse;
class WatchStatsRequest;
class WatchStatsResponse;
}  // namespace goferd::admin::v1

namespace grpc {
class Channel;
class ClientContext;
}  // namespace grpc

namespace goferd::client {

// What grpc.health.v1 says about a service.
enum class Health { kUnknown = 0, kServing = 1, kNotServing = 2 };

// Owns the channel, which connects with the first call. Thread-safe. Every call
// blocks. gRPC stays behind this header: a caller includes the messages that it
// sends and nothing else.
class AdminClient {
 public:
  // Errors: those of MakeChannel.
  static absl::StatusOr<std::unique_ptr<AdminClient>> Make(
      const Endpoint& endpoint);
  explicit AdminClient(std::shared_ptr<grpc::Channel> channel);

  // Makes a unary call, as in
  //   client.Call(methods::kGetServer, request, options)
  // A request that has a `request_id` gets a fresh one unless it is set. So
  // every request can be repeated, as CallRepeatedly does: requests without a
  // `request_id` only read. Errors: the method's, with details (see DetailsOf);
  // UNAVAILABLE when nobody answers, DEADLINE_EXCEEDED; INVALID_ARGUMENT with
  // the field's name for text that is not UTF-8, which is not sent.
  template <class Request, class Response>
  absl::StatusOr<Response> Call(const Method<Request, Response>& method,
                                std::type_identity_t<Request> request,
                                const CallOptions& options = {}) {
    if constexpr (requires { request.set_request_id(std::string()); }) {
      if (request.request_id().empty()) request.set_request_id(NewRequestId());
    }
    Response response;
    absl::Status status = CallPath(method.path, request, &response, options);
    if (!status.ok()) return status;
    return response;
  }

  // Streams. Each response goes to `take`; OK when `take` returns false, which
  // cancels the call, or when goferd ends the stream. `call` carries the
  // deadline, is good for one stream, and may be cancelled by another thread.
  // Errors: the method's, with details; CANCELLED, DEADLINE_EXCEEDED.
  absl::Status WatchEvents(
      grpc::ClientContext& call, const admin::v1::WatchEventsRequest& request,
      const std::function<bool(const admin::v1::WatchEventsResponse&)>& take);
  absl::Status WatchStats(
      grpc::ClientContext& call, const admin::v1::WatchStatsRequest& request,
      const std::function<bool(const admin::v1::WatchStatsResponse&)>& take);

  // Asks grpc.health.v1.Health/Check. `service`: its full name; empty for the
  // whole daemon. Errors: NOT_FOUND for a service that goferd does not have.
  absl::StatusOr<Health> CheckHealth(absl::string_view service,
                                     const CallOptions& options = {});

 private:
  absl::Status CallPath(const char* path,
                        const google::protobuf::MessageLite& request,
                        google::protobuf::MessageLite* response,
                        const CallOptions& options);

  const std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace goferd::client

#endif  // GOFERD_CLIENTS_ADMIN_ADMIN_CLIENT_H_
