// Call: one unary RPC with a deadline, repeated where a repetition is safe.

#ifndef GOFERD_CLIENTS_ADMIN_CALL_H_
#define GOFERD_CLIENTS_ADMIN_CALL_H_

#include <functional>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace grpc {
class ClientContext;
class Status;
}  // namespace grpc

namespace goferd::client {

// How a call is made.
struct CallOptions {
  // For all attempts together. InfiniteDuration: no deadline.
  absl::Duration timeout = absl::Seconds(30);
  // At least 1.
  int max_attempts = 4;
  // The wait before the second attempt, when goferd does not say how long to
  // wait; it doubles with each attempt.
  absl::Duration first_delay = absl::Milliseconds(100);
};

// Makes one attempt; `context` has the deadline already.
using Attempt = std::function<grpc::Status(grpc::ClientContext& context)>;

// Calls `attempt` until it succeeds or another attempt makes no sense. Blocks.
// The caller says by calling this that a repetition is harmless.
//
// UNAVAILABLE is repeated while attempts and time are left, and so is a refusal
// because goferd has too much to do. After such a
// repetition OPERATION_PENDING with a RetryInfo means that goferd still works
// on our own first attempt: the call waits for it, and that costs no attempt. A
// RetryInfo that reaches beyond the deadline ends the call.
//
// Errors: those of the last attempt, with details (see DetailsOf).
absl::Status CallRepeatedly(const CallOptions& options, const Attempt& attempt);

}  // namespace goferd::client

#endif  // GOFERD_CLIENTS_ADMIN_CALL_H_
