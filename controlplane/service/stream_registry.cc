#include "controlplane/service/stream_registry.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"

namespace goferd::service {
namespace {

using gofer::base::MutexLock;
using std::chrono::steady_clock;

constexpr int kStreamsRetryMs = 5000;
// How long the thread sleeps when no call wants to be advanced.
constexpr auto kLongSleep = std::chrono::hours(1);

}  // namespace

StreamRegistry::StreamRegistry(model::EventLog& log, size_t max_calls)
    : max_calls_(max_calls), subscription_(log.Subscribe([this] { Wake(); })) {}

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

absl::Status StreamRegistry::Add(std::shared_ptr<LiveCall> call) {
  MutexLock lock(mu_);
  if (ended_) {
    return errors::Error(errors::Reason::SHUTTING_DOWN, "goferd is going down");
  }
  if (calls_.size() >= max_calls_) {
    return errors::ErrorWithRetry(
        errors::Reason::PROCESS_LIMIT,
        absl::StrCat("there are ", max_calls_,
                     " watches and waits: end one of them"),
        kStreamsRetryMs, {{"limit", absl::StrCat(max_calls_)}});
  }
  if (auto status = StartThread(); !status.ok()) return status;
  const LiveCall* key = call.get();
  calls_.emplace(key, std::move(call));
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
  std::shared_ptr<LiveCall> removed;
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
    for (const auto& [key, call] : calls) {
      next = std::min(next, call->Advance(now));
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
  for (const auto& [key, call] : calls) call->End();
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
