#include "clients/admin/call.h"

#include <algorithm>

#include "absl/time/clock.h"

namespace goferd::client {
namespace {

constexpr absl::Duration kMaxDelay = absl::Seconds(5);

}  // namespace

Attempts::Attempts(const CallOptions& options)
    : deadline_(absl::Now() + options.timeout),
      left_(options.max_attempts),
      delay_(options.first_delay) {}

void Attempts::Prepare(grpc::ClientContext* context) const {
  if (deadline_ != absl::InfiniteFuture()) {
    context->set_deadline(absl::ToChronoTime(deadline_));
  }
}

bool Attempts::WaitForNext(const absl::Status& failure) {
  const ErrorDetails details = DetailsOf(failure);
  const bool runs_still = may_run_ &&
                          details.reason == admin::v1::OPERATION_PENDING &&
                          details.retry_delay.has_value();
  if (!runs_still) {
    if (!absl::IsUnavailable(failure) || --left_ <= 0) return false;
    may_run_ = true;
  }
  const absl::Duration delay = details.retry_delay.value_or(delay_);
  if (absl::Now() + delay >= deadline_) return false;
  absl::SleepFor(delay);
  if (!runs_still) delay_ = std::min(2 * delay_, kMaxDelay);
  return true;
}

}  // namespace goferd::client
