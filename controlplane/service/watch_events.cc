#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "controlplane/auth/methods.h"
#include "controlplane/model/event_log.h"
#include "controlplane/names/scope.h"
#include "controlplane/service/event_selector.h"
#include "controlplane/service/initial_state.h"
#include "controlplane/service/live_calls.h"
#include "controlplane/service/live_stream.h"
#include "controlplane/supervisor/servers.h"
#include "controlplane/translate/time_conversion.h"

namespace goferd::service {
namespace {

using admin::Event;
using admin::WatchEventsRequest;
using admin::WatchEventsResponse;
using errors::Reason;

constexpr size_t kMaxEvents = 64;
constexpr size_t kMaxBytes = size_t{128} << 10;
constexpr size_t kReadSize = 256;

absl::Status Compacted() {
  return errors::Error(
      Reason::COMPACTED,
      "the events from there on are not kept: list again and watch from there");
}

class WatchEventsStream final : public LiveStream<WatchEventsResponse> {
 public:
  WatchEventsStream(const LiveCalls& live, const CallGate::Call& call,
                    const grpc::ServerContextBase& context)
      : LiveStream(live, call, context), log_(live.node.events) {}

  // Reads the request; must be called before Start. An error says why there is
  // no stream.
  absl::Status Prepare(const WatchEventsRequest& request);

 private:
  using Slice = absl::StatusOr<std::vector<Event>>;

  void Continue(SteadyTime now) override ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool MakeFarewell(WatchEventsResponse& response) override
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  absl::Status PlaceAt(const WatchEventsRequest& request)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status PlaceAtToken(const std::string& token)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void ContinueInitial() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void TakeSlice(Slice slice) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Adds the event after position_ if it is to be sent.
  void Take(const Event& event, WatchEventsResponse& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Returns false when the stream was finished, since events are gone.
  bool Fill(WatchEventsResponse& response) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void AddMark(Event::Type type, WatchEventsResponse& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Overflow() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool IsTooSlow() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  model::EventLog& log_;
  EventSelector selector_ ABSL_GUARDED_BY(mu_);
  // All events up to here were sent, or are not wanted.
  int64_t position_ ABSL_GUARDED_BY(mu_) = 0;
  // Used by the executor's thread, without mu_, while work is under way.
  std::unique_ptr<InitialState> initial_;
  bool in_initial_ ABSL_GUARDED_BY(mu_) = false;
  // The slice that was read last; its events are to be sent from next_event_
  // on.
  std::vector<Event> slice_ ABSL_GUARDED_BY(mu_);
  size_t next_event_ ABSL_GUARDED_BY(mu_) = 0;
  bool was_current_ ABSL_GUARDED_BY(mu_) = false;
  SteadyTime bookmark_time_ ABSL_GUARDED_BY(mu_);
};

absl::Status WatchEventsStream::Prepare(const WatchEventsRequest& request) {
  gofer::base::MutexLock lock(mu_);
  errors::FieldViolations violations;
  selector_ = EventSelector(request, violations);
  const bool has_start =
      request.start_case() != WatchEventsRequest::START_NOT_SET;
  if (has_start && request.include_initial_state()) {
    violations.Add("include_initial_state",
                   "cannot be had together with resume_token or "
                   "start_revision: leave one of them out");
  }
  if (request.start_case() == WatchEventsRequest::kStartRevision &&
      request.start_revision() < 1) {
    violations.Add("start_revision", "must be at least 1");
  }
  if (!violations.empty()) return violations.ToStatus();
  bookmark_time_ = std::chrono::steady_clock::now() +
                   absl::ToChronoNanoseconds(live_.bookmark_interval);
  if (has_start) return PlaceAt(request);
  position_ = log_.revision();
  if (selector_.server_id() != "-") {
    auto server = live_.node.servers.Get(selector_.server_id());
    if (!server.ok()) return server.status();
  }
  if (request.include_initial_state()) {
    in_initial_ = true;
    initial_ = std::make_unique<InitialState>(
        live_.node, names::ServerScope(selector_.server_id()));
    position_ = initial_->revision();
  }
  return absl::OkStatus();
}

absl::Status WatchEventsStream::PlaceAt(const WatchEventsRequest& request) {
  if (request.start_case() == WatchEventsRequest::kResumeToken) {
    auto status = PlaceAtToken(request.resume_token());
    if (!status.ok()) return status;
  } else {
    // No event has revision 1: it stands for the start of this run.
    position_ = request.start_revision() == 1 ? log_.first_revision()
                                              : request.start_revision();
  }
  // A revision that is not there (yet, or any more) may be another run's.
  if (position_ > log_.revision() || !log_.Read(position_, 1).complete) {
    return Compacted();
  }
  return absl::OkStatus();
}

absl::Status WatchEventsStream::PlaceAtToken(const std::string& token) {
  const auto parsed = selector_.ParseToken(log_, token);
  if (!parsed) {
    errors::FieldViolations violations;
    violations.Add("resume_token",
                   "is not one of a watch with the same parent and filter");
    return violations.ToStatus();
  }
  if (parsed->foreign) return Compacted();
  position_ = parsed->revision;
  return absl::OkStatus();
}

void WatchEventsStream::Continue(SteadyTime now) {
  if (in_initial_) return ContinueInitial();
  if (IsTooSlow()) return Overflow();
  WatchEventsResponse response;
  if (!Fill(response)) return;
  if (response.events().empty() && now >= bookmark_time_) {
    AddMark(Event::BOOKMARK, response);
  }
  if (response.events().empty()) {
    next_ = bookmark_time_;
    return;
  }
  bookmark_time_ = now + absl::ToChronoNanoseconds(live_.bookmark_interval);
  Write(std::move(response));
}

void WatchEventsStream::ContinueInitial() {
  WatchEventsResponse response;
  size_t bytes = 0;
  while (next_event_ < slice_.size() && bytes < kMaxBytes &&
         static_cast<size_t>(response.events_size()) < kMaxEvents) {
    Event& event = slice_[next_event_++];
    if (!selector_.Wants(event)) continue;
    bytes += event.ByteSizeLong();
    *response.add_events() = std::move(event);
  }
  if (!response.events().empty()) return Write(std::move(response));
  if (initial_->done()) {
    in_initial_ = false;
    AddMark(Event::BOOKMARK, response);
    return Write(std::move(response));
  }
  const absl::Status started = RunWork(
      [this] { return initial_->Next(); },
      [this](Slice slice)
          ABSL_NO_THREAD_SAFETY_ANALYSIS { TakeSlice(std::move(slice)); });
  if (!started.ok()) FinishWith(started);
}

void WatchEventsStream::TakeSlice(Slice slice) {
  if (!slice.ok()) return FinishWith(slice.status());
  slice_ = *std::move(slice);
  next_event_ = 0;
}

bool WatchEventsStream::Fill(WatchEventsResponse& response) {
  size_t bytes = 0;
  for (;;) {
    const model::EventLog::Batch batch = log_.Read(position_, kReadSize);
    if (!batch.complete) {
      Overflow();
      return false;
    }
    if (batch.events.empty()) {
      was_current_ = true;
      return true;
    }
    for (const model::EventLog::Event& event : batch.events) {
      Take(*event, response);
      bytes += event->ByteSizeLong();
      if (response.events_size() == 0) bytes = 0;
      if (static_cast<size_t>(response.events_size()) == kMaxEvents ||
          bytes >= kMaxBytes) {
        return true;
      }
    }
  }
}

void WatchEventsStream::Take(const Event& event,
                             WatchEventsResponse& response) {
  position_ = event.revision();
  if (initial_ != nullptr && initial_->IsKnown(event)) return;
  if (!selector_.Wants(event)) return;
  Event& told = *response.add_events();
  told = event;
  told.set_resume_token(selector_.TokenOf(log_, position_));
}

void WatchEventsStream::AddMark(Event::Type type,
                                WatchEventsResponse& response) {
  Event& event = *response.add_events();
  event.set_type(type);
  event.set_revision(position_);
  event.set_resume_token(selector_.TokenOf(log_, position_));
  *event.mutable_event_time() = translate::ToProto(absl::Now());
}

bool WatchEventsStream::IsTooSlow() const {
  return was_current_ && log_.revision() - position_ > live_.max_lag;
}

void WatchEventsStream::Overflow() {
  WatchEventsResponse response;
  AddMark(Event::OVERFLOW, response);
  WriteLast(std::move(response), absl::OkStatus());
}

bool WatchEventsStream::MakeFarewell(WatchEventsResponse& response) {
  // A client cannot resume in the midst of the initial state.
  if (in_initial_) return false;
  AddMark(Event::BOOKMARK, response);
  return true;
}

}  // namespace

grpc::ServerWriteReactor<WatchEventsResponse>* StartWatchEvents(
    const LiveCalls& live, grpc::CallbackServerContext* context,
    const WatchEventsRequest& request) {
  const CallGate::Call call =
      live.gate.Admit(auth::methods::kWatchEvents, *context);
  auto stream = std::make_shared<WatchEventsStream>(live, call, *context);
  WatchEventsStream* reactor = stream.get();
  stream->Start(call.admission.ok() ? stream->Prepare(request)
                                    : call.admission);
  return reactor;
}

}  // namespace goferd::service
