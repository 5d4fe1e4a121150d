#include "controlplane/service/executor.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "controlplane/service/role_share.h"

namespace goferd::service {
namespace {

using auth::Role;
using gofer::base::MutexLock;

constexpr int kBusyRetryMs = 1000;
constexpr auto kLongWait = std::chrono::hours(1);

absl::Status TooMuchToDo() {
  return errors::ErrorWithRetry(errors::Reason::PROCESS_LIMIT,
                                "goferd has too much to do: try again later",
                                kBusyRetryMs);
}

size_t CountOf(const std::map<std::string, size_t>& counts,
               const std::string& key) {
  const auto found = counts.find(key);
  return found == counts.end() ? 0 : found->second;
}

void TakeOne(std::map<std::string, size_t>& counts, const std::string& key) {
  const auto found = counts.find(key);
  if (--found->second == 0) counts.erase(found);
}

}  // namespace

Executor::Executor(const Bounds& bounds)
    : bounds_(bounds),
      pool_({bounds.quick_threads, bounds.most_threads, 1}, "goferd-work") {}

Executor::~Executor() { Stop(); }

link::Lane Executor::LaneOf(const Work& whose) const {
  if (whose.is_periodic) {
    return {"periodic", std::max<size_t>(bounds_.quick_threads / 4, 1)};
  }
  // An admin need not wait behind others, above all for the end of a server
  // that keeps them waiting.
  const char* const rank =
      whose.caller.role == Role::ROLE_ADMIN ? "admin" : "any";
  return whose.server.empty()
             ? link::Lane{absl::StrCat(rank, " all ", whose.caller.name)}
             : link::Lane{absl::StrCat(rank, " one ", whose.server)};
}

bool Executor::HasRoom(const Work& whose, const std::string& lane) {
  return queued_ < ShareOf(whose.caller.role, bounds_.queued) &&
         CountOf(of_lane_, lane) < bounds_.queued_of_lane &&
         (whose.caller.role == Role::ROLE_ADMIN ||
          CountOf(of_caller_, whose.caller.name) < bounds_.queued_of_caller);
}

absl::Status Executor::Post(const Work& whose, std::function<void()> work) {
  const link::Lane lane = LaneOf(whose);
  MutexLock lock(mu_);
  if (stopped_) {
    return errors::Error(errors::Reason::SHUTTING_DOWN, "goferd is going down");
  }
  if (!HasRoom(whose, lane.name)) return TooMuchToDo();
  ++queued_;
  ++of_caller_[whose.caller.name];
  ++of_lane_[lane.name];
  pool_.Post(lane, [this, caller = whose.caller.name, lane = lane.name,
                    work = std::move(work)] {
    CountBegun(caller, lane);
    work();
  });
  return absl::OkStatus();
}

void Executor::CountBegun(const std::string& caller, const std::string& lane) {
  MutexLock lock(mu_);
  --queued_;
  TakeOne(of_caller_, caller);
  TakeOne(of_lane_, lane);
}

bool Executor::WaitIdle(std::chrono::steady_clock::time_point deadline) {
  return pool_.WaitIdle(deadline);
}

void Executor::Stop() {
  {
    MutexLock lock(mu_);
    stopped_ = true;
  }
  while (!pool_.WaitIdle(std::chrono::steady_clock::now() + kLongWait)) {
  }
  pool_.Stop();
}

}  // namespace goferd::service
