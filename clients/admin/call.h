// Call: one unary RPC, with a deadline, and again where that is safe.

#ifndef GOFERD_CLIENTS_ADMIN_CALL_H_
#define GOFERD_CLIENTS_ADMIN_CALL_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "clients/admin/error_details.h"
#include "clients/admin/request_id.h"
#include "grpcpp/client_context.h"

namespace goferd::client {

// How calls are made.
struct CallOptions {
  // For all attempts together. InfiniteDuration: no deadline.
  absl::Duration timeout = absl::Seconds(30);
  // At least 1.
  int max_attempts = 4;
  // The wait before the second attempt, when goferd does not say; doubles.
  absl::Duration first_delay = absl::Milliseconds(100);
};

// The attempts of one call. Not thread-safe; used up by one call.
class Attempts {
 public:
  explicit Attempts(const CallOptions& options);

  // Gives `context` the deadline.
  void Prepare(grpc::ClientContext* context) const;
  // After a failed attempt: sleeps and returns true when another one makes
  // sense, which is UNAVAILABLE with attempts and time left. Behind one,
  // OPERATION_PENDING with a RetryInfo is our own first try, which still runs:
  // that costs no attempt. A RetryInfo that reaches beyond the deadline ends
  // it.
  bool WaitForNext(const absl::Status& failure);

 private:
  const absl::Time deadline_;
  int left_;
  absl::Duration delay_;
  // A try may have got to goferd although its answer did not get to us.
  bool may_run_ = false;
};

// Calls `method` of `stub`, as in
//   Call(client.servers(), &ServerService::Stub::GetServer, request, options)
// Blocks. A request that has a `request_id` gets a fresh one unless it is set;
// so every request can be repeated: the others only read. Repeats UNAVAILABLE
// and waits for what it began (see Attempts), honouring RetryInfo. Errors: the
// method's, with details (see DetailsOf); UNAVAILABLE when nobody answers,
// DEADLINE_EXCEEDED.
template <class Stub, class Interface, class Request, class Response>
absl::StatusOr<Response> Call(
    Stub& stub,
    grpc::Status (Interface::*method)(grpc::ClientContext*, const Request&,
                                      Response*),
    Request request, const CallOptions& options = {}) {
  if constexpr (requires { request.set_request_id(std::string()); }) {
    if (request.request_id().empty()) request.set_request_id(NewRequestId());
  }
  Attempts attempts(options);
  while (true) {
    grpc::ClientContext context;
    attempts.Prepare(&context);
    Response response;
    const absl::Status status =
        ToAbslStatus((stub.*method)(&context, request, &response));
    if (status.ok()) return response;
    if (!attempts.WaitForNext(status)) return status;
  }
}

}  // namespace goferd::client

#endif  // GOFERD_CLIENTS_ADMIN_CALL_H_
