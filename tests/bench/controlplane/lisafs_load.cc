#include "tests/bench/controlplane/lisafs_load.h"

#include <utility>

#include "absl/time/clock.h"
#include "tests/bench/controlplane/bench_node.h"

namespace goferd::bench {

LisafsLoad::LisafsLoad(gofer::client::Client client)
    : client_(std::move(client)) {
  if (!client_.StartChannels(1).ok()) Fail("no channel");
  auto thread = gofer::base::Thread::Start("load", [this] {
    while (!stop_.load(std::memory_order_relaxed)) {
      if (!client_.root().Stat().ok()) failures_.fetch_add(1);
      done_.fetch_add(1, std::memory_order_relaxed);
    }
  });
  if (!thread.ok()) Fail("no thread");
  thread_ = *std::move(thread);
}

LisafsLoad::~LisafsLoad() {
  stop_.store(true);
  thread_.Join();
}

double LisafsLoad::RateOver(absl::Duration window) const {
  const absl::Time begin = absl::Now();
  const uint64_t before = done_.load();
  absl::SleepFor(window);
  const uint64_t after = done_.load();
  return static_cast<double>(after - before) /
         absl::ToDoubleSeconds(absl::Now() - begin);
}

}  // namespace goferd::bench
