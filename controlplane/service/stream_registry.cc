#include "controlplane/service/stream_registry.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "controlplane/service/role_share.h"

namespace goferd::service {
namespace {

using gofer::base::MutexLock;
using std::chrono::steady_clock;

constexpr int kStreamsRetryMs = 5000;
// How long the thread sleeps when no call wants to be advanced.
constexpr auto kLongSleep = std::chrono::hours(1);

}  // namespace

StreamRegistry::StreamRegistry(model::EventLog& log, const Bounds& bounds)
    : bounds_(bounds), subscription_(log.Subscribe([this] { Wake(); })) {}

StreamRegistry::~StreamRegistry() {
  subscription_.reset();
  gofer::base::Thread thread;
  {
    MutexLock lock(mu_);
    stopped_ = true;
    changed_.NotifyAll();
    thread = std::move(thread_);
  }
  thread.Join();
}

absl::Status StreamRegistry::CheckRoom(Kind kind,
                                       const auth::Caller& caller) const {
  const bool is_watch = kind == Kind::kWatch;
  const size_t most = is_watch ? bounds_.watches : bounds_.waits;
  const size_t of_caller = caller.role == auth::Role::ROLE_ADMIN ? most
                           : is_watch ? bounds_.watches_of_caller
                                      : bounds_.waits_of_caller;
  size_t all = 0;
  size_t own = 0;
  for (const auto& [key, entry] : calls_) {
    if (entry.kind != kind) continue;
    ++all;
    if (entry.caller == caller.name) ++own;
  }
  const auto full = [&](absl::string_view whose, size_t limit) {
    return errors::ErrorWithRetry(
        errors::Reason::PROCESS_LIMIT,
        absl::StrCat("there are as many ", is_watch ? "watches" : "waits",
                     " as ", whose, " may have, ", limit, ": end one of them"),
        kStreamsRetryMs, {{"limit", absl::StrCat(limit)}});
  };
  if (own >= of_caller) return full("one caller", of_caller);
  const size_t share = ShareOf(caller.role, most);
  if (all >= share) return full("callers of this role", share);
  return absl::OkStatus();
}

absl::Status StreamRegistry::Add(std::shared_ptr<LiveCall> call, Kind kind,
                                 const auth::Caller& caller) {
  MutexLock lock(mu_);
  if (ended_) {
    return errors::Error(errors::Reason::SHUTTING_DOWN, "goferd is going down");
  }
  if (auto status = CheckRoom(kind, caller); !status.ok()) return status;
  if (auto status = StartThread(); !status.ok()) return status;
  const LiveCall* key = call.get();
  calls_.emplace(key, Entry{std::move(call), kind, caller.name});
  woken_ = true;
  changed_.NotifyAll();
  return absl::OkStatus();
}

absl::Status StreamRegistry::StartThread() {
  if (thread_.joinable()) return absl::OkStatus();
  auto thread = gofer::base::Thread::Start("goferd-streams", [this] { Run(); });
  if (!thread.ok()) {
    return errors::FromErrno(thread.error().number(), "starting a thread");
  }
  thread_ = *std::move(thread);
  return absl::OkStatus();
}

void StreamRegistry::Remove(const LiveCall& call) {
  Entry removed;
  MutexLock lock(mu_);
  const auto it = calls_.find(&call);
  if (it == calls_.end()) return;
  removed = std::move(it->second);
  calls_.erase(it);
  changed_.NotifyAll();
}

void StreamRegistry::Wake() {
  MutexLock lock(mu_);
  woken_ = true;
  changed_.NotifyAll();
}

void StreamRegistry::Run() {
  SteadyTime next = steady_clock::now() + kLongSleep;
  for (;;) {
    Calls calls;
    {
      MutexLock lock(mu_);
      while (!woken_ && !stopped_ && steady_clock::now() < next) {
        changed_.WaitUntil(mu_, next);
      }
      if (stopped_) return;
      woken_ = false;
      calls = calls_;
    }
    const SteadyTime now = steady_clock::now();
    next = now + kLongSleep;
    for (const auto& [key, entry] : calls) {
      next = std::min(next, entry.call->Advance(now));
    }
  }
}

void StreamRegistry::EndAll() {
  Calls calls;
  {
    MutexLock lock(mu_);
    ended_ = true;
    calls = calls_;
  }
  for (const auto& [key, entry] : calls) entry.call->End();
}

void StreamRegistry::CheckRoles() {
  Calls calls;
  {
    MutexLock lock(mu_);
    calls = calls_;
  }
  for (const auto& [key, entry] : calls) entry.call->CheckRole();
}

bool StreamRegistry::WaitEmpty(absl::Duration patience) {
  const SteadyTime deadline =
      steady_clock::now() + absl::ToChronoNanoseconds(patience);
  MutexLock lock(mu_);
  while (!calls_.empty()) {
    if (!changed_.WaitUntil(mu_, deadline)) break;
  }
  return calls_.empty();
}

size_t StreamRegistry::size() const {
  MutexLock lock(mu_);
  return calls_.size();
}

}  // namespace goferd::service
