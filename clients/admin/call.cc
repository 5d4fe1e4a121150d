#include "clients/admin/call.h"

#include <algorithm>

#include "absl/time/clock.h"
#include "clients/admin/error_details.h"
#include "goferd/admin/v1/error_reason.pb.h"
#include "grpcpp/client_context.h"

namespace goferd::client {
namespace {

constexpr absl::Duration kMaxDelay = absl::Seconds(5);

// Whether goferd was too busy to begin; limits that somebody has to raise, or
// to make room below, are named in the metadata.
bool WasTooBusy(const ErrorDetails& details) {
  return details.reason == admin::v1::PROCESS_LIMIT &&
         details.retry_delay.has_value() && !details.metadata.contains("limit");
}

// The attempts of one call.
class Attempts {
 public:
  explicit Attempts(const CallOptions& options)
      : deadline_(absl::Now() + options.timeout),
        left_(options.max_attempts),
        delay_(options.first_delay) {}

  // Gives `context` the deadline.
  void Prepare(grpc::ClientContext* context) const;
  // After a failed attempt: sleeps and returns true when another attempt makes
  // sense.
  bool WaitForNext(const absl::Status& failure);

 private:
  const absl::Time deadline_;
  int left_;
  absl::Duration delay_;
  // An attempt may have reached goferd although its answer did not reach us.
  bool may_run_ = false;
};

void Attempts::Prepare(grpc::ClientContext* context) const {
  if (deadline_ != absl::InfiniteFuture()) {
    context->set_deadline(absl::ToChronoTime(deadline_));
  }
}

bool Attempts::WaitForNext(const absl::Status& failure) {
  const ErrorDetails details = DetailsOf(failure);
  const bool still_runs = may_run_ &&
                          details.reason == admin::v1::OPERATION_PENDING &&
                          details.retry_delay.has_value();
  if (!still_runs) {
    if (!absl::IsUnavailable(failure) && !WasTooBusy(details)) return false;
    if (--left_ <= 0) return false;
    may_run_ = true;
  }
  const absl::Duration delay = details.retry_delay.value_or(delay_);
  if (absl::Now() + delay >= deadline_) return false;
  absl::SleepFor(delay);
  if (!still_runs) delay_ = std::min(2 * delay_, kMaxDelay);
  return true;
}

}  // namespace

absl::Status CallRepeatedly(const CallOptions& options,
                            const Attempt& attempt) {
  Attempts attempts(options);
  while (true) {
    grpc::ClientContext context;
    attempts.Prepare(&context);
    absl::Status status = ToAbslStatus(attempt(context));
    if (status.ok() || !attempts.WaitForNext(status)) return status;
  }
}

}  // namespace goferd::client
