#include "controlplane/gofers/threads.h"

#include <utility>

#include "controlplane/errors/error.h"

namespace goferd::gofers {
namespace {

// Of a pool: so many gofers may hang before one more keeps others waiting.
constexpr size_t kMostThreads = 512;

}  // namespace

Threads::Threads(std::unique_ptr<event_loop::EventLoop> loop, size_t count)
    : loop_(std::move(loop)),
      pool_({count, kMostThreads, count}),
      adopters_({count, kMostThreads, count}) {}

void Threads::RunLater(absl::Duration delay, const std::string& id,
                       std::function<void()> task) {
  loop_->After(delay, [this, id, task = std::move(task)]() mutable {
    pool_.Post({id}, std::move(task));
  });
}

void Threads::AdoptLater(absl::Duration delay, const std::string& id,
                         std::function<void()> task) {
  loop_->After(delay, [this, id, task = std::move(task)]() mutable {
    adopters_.Post({id}, std::move(task));
  });
}

absl::Status Threads::CheckRunning() const {
  if (!stopping()) return absl::OkStatus();
  return errors::Error(errors::Reason::SHUTTING_DOWN,
                       "goferd is going down: try again when it is back");
}

void Threads::Stop() {
  BeginShutdown();
  adopters_.Stop();
  keeper_.Stop();
  pool_.Stop();
  loop_->Stop();
}

}  // namespace goferd::gofers
