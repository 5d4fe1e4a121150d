#include "controlplane/model/event_log.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "controlplane/model/message_bytes.h"
#include "controlplane/translate/time_conversion.h"

namespace goferd::model {

using gofer::base::MutexLock;

EventLog::EventLog(size_t capacity, std::string instance_uid,
                   int64_t first_revision, size_t most_bytes)
    : capacity_(capacity),
      most_bytes_(most_bytes),
      instance_uid_(std::move(instance_uid)),
      first_revision_(first_revision),
      revision_(first_revision) {}

int64_t EventLog::Publish(admin::Event event) {
  int64_t revision = 0;
  {
    MutexLock lock(mu_);
    revision = ++revision_;
    event.set_revision(revision);
    event.set_resume_token(TokenOf(revision));
    *event.mutable_event_time() = translate::ToProto(absl::Now());
    Kept kept{std::make_shared<const admin::Event>(std::move(event))};
    kept.bytes = MessageBytes(*kept.event);
    bytes_ += kept.bytes;
    events_.push_back(std::move(kept));
    while (events_.size() > capacity_ || bytes_ > most_bytes_) {
      bytes_ -= events_.front().bytes;
      events_.pop_front();
    }
  }
  MutexLock lock(listeners_mu_);
  for (const auto& [id, wake] : listeners_) wake();
  return revision;
}

int64_t EventLog::revision() const {
  MutexLock lock(mu_);
  return revision_;
}

EventLog::Batch EventLog::Read(int64_t after, size_t max_events) const {
  MutexLock lock(mu_);
  Batch batch;
  const int64_t first = revision_ - static_cast<int64_t>(events_.size()) + 1;
  batch.complete = after + 1 >= first;
  const int64_t from = std::max<int64_t>(after + 1, first);
  for (int64_t i = from; i <= revision_ && batch.events.size() < max_events;
       ++i) {
    batch.events.push_back(events_[static_cast<size_t>(i - first)].event);
  }
  return batch;
}

std::string EventLog::TokenOf(int64_t revision) const {
  return absl::StrCat(instance_uid_, ".", revision);
}

std::optional<EventLog::Token> EventLog::ParseToken(
    absl::string_view token) const {
  constexpr size_t kUuidLength = 36;
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(token, absl::MaxSplits('.', 1));
  Token parsed;
  if (parts.first.size() != kUuidLength ||
      !absl::SimpleAtoi(parts.second, &parsed.revision) ||
      parsed.revision < 0) {
    return std::nullopt;
  }
  parsed.foreign = parts.first != absl::string_view(instance_uid_);
  return parsed;
}

std::unique_ptr<EventLog::Subscription> EventLog::Subscribe(
    std::function<void()> wake) {
  MutexLock lock(listeners_mu_);
  const uint64_t id = next_listener_++;
  listeners_.emplace(id, std::move(wake));
  return std::make_unique<Subscription>(*this, id);
}

EventLog::Subscription::~Subscription() {
  MutexLock lock(log_.listeners_mu_);
  log_.listeners_.erase(id_);
}

}  // namespace goferd::model
