#include <algorithm>
#include <deque>
#include <memory>
#include <utility>

#include "controlplane/auth/methods.h"
#include "controlplane/service/field_checks.h"
#include "controlplane/service/live_calls.h"
#include "controlplane/service/live_stream.h"
#include "controlplane/supervisor/statistics.h"
#include "controlplane/supervisor/stats_lists.h"

namespace goferd::service {
namespace {

using admin::WatchStatsRequest;
using admin::WatchStatsResponse;
using Sample = absl::StatusOr<supervisor::StatsList>;

constexpr absl::Duration kDefaultInterval = absl::Seconds(10);
constexpr size_t kMaxAnswerBytes = size_t{256} << 10;

// Splits the sample into messages of bounded size, at least one.
std::deque<WatchStatsResponse> InParts(supervisor::StatsList sample) {
  std::deque<WatchStatsResponse> parts(1);
  size_t bytes = 0;
  for (admin::Stats& stats : sample.stats) {
    const size_t size = stats.ByteSizeLong();
    if (bytes > 0 && bytes + size > kMaxAnswerBytes) {
      parts.emplace_back();
      bytes = 0;
    }
    bytes += size;
    *parts.back().add_stats() = std::move(stats);
  }
  for (std::string& name : sample.unreachable) {
    parts.back().add_unreachable(std::move(name));
  }
  parts.back().set_sample_complete(true);
  return parts;
}

class WatchStatsStream final : public LiveStream<WatchStatsResponse> {
 public:
  using LiveStream::LiveStream;

  // Reads the request; see WatchEventsStream::Prepare.
  absl::Status Prepare(const WatchStatsRequest& request);

 private:
  void Continue(SteadyTime now) override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void TakeSample(Sample sample) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  // These are constant after Prepare.
  names::ChildName name_;
  std::chrono::nanoseconds interval_{};

  SteadyTime sample_time_ ABSL_GUARDED_BY(mu_);
  // The messages of the present sample that are still to be sent.
  std::deque<WatchStatsResponse> parts_ ABSL_GUARDED_BY(mu_);
};

absl::Status WatchStatsStream::Prepare(const WatchStatsRequest& request) {
  errors::FieldViolations violations;
  name_ = CheckServerOrConnectionName(violations, "name", request.name(),
                                      names::Wildcard::kAllowed);
  absl::Duration interval = kDefaultInterval;
  if (request.has_interval()) {
    interval = CheckDuration(violations, "interval", request.interval(),
                             absl::Milliseconds(100), absl::Hours(1));
  }
  interval_ = absl::ToChronoNanoseconds(interval);
  return violations.ToStatus();
}

void WatchStatsStream::Continue(SteadyTime now) {
  if (!parts_.empty()) {
    WatchStatsResponse part = std::move(parts_.front());
    parts_.pop_front();
    return Write(std::move(part));
  }
  next_ = sample_time_;
  if (now < sample_time_) return;
  // Samples that a slow reader has missed are left out.
  sample_time_ = now + interval_;
  const absl::Status started = RunWork(
      [this] {
        return live_.node.statistics.GetStats(
            names::ServerScope(name_.server_id), ConnectionsOf(name_));
      },
      [this](Sample sample)
          ABSL_NO_THREAD_SAFETY_ANALYSIS { TakeSample(std::move(sample)); },
      Kind::kPeriodic);
  // When the executor has too much to do, this sample is left out.
  next_ = started.ok() ? SteadyTime::max() : sample_time_;
}

void WatchStatsStream::TakeSample(Sample sample) {
  if (!sample.ok()) return FinishWith(sample.status());
  parts_ = InParts(*std::move(sample));
}

}  // namespace

grpc::ServerWriteReactor<WatchStatsResponse>* StartWatchStats(
    const LiveCalls& live, grpc::CallbackServerContext* context,
    const WatchStatsRequest& request) {
  const CallGate::Call call =
      live.gate.Admit(auth::methods::kWatchStats, *context);
  auto stream = std::make_shared<WatchStatsStream>(live, call, *context);
  WatchStatsStream* reactor = stream.get();
  stream->Start(call.admission.ok() ? stream->Prepare(request)
                                    : call.admission);
  return reactor;
}

}  // namespace goferd::service
