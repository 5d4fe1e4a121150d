#include "server/flipcall/wait_environment.h"

#include <sched.h>

#include <atomic>

#include "server/base/clock.h"
#include "server/flipcall/futex.h"

namespace gofer::flipcall {
namespace {

int CountUsableCpus() {
  cpu_set_t cpus;
  // The call fails on more than 1024 CPUs; one spinner is safe there.
  if (::sched_getaffinity(0, sizeof(cpus), &cpus) != 0) return 2;
  return CPU_COUNT(&cpus);
}

class HostEnvironment final : public WaitEnvironment {
 public:
  explicit HostEnvironment(int places) : free_places_(places) {}

  uint64_t NowNanos() override { return base::MonotonicNanos(); }

  bool TakeSpinPlace() override {
    int free = free_places_.load(std::memory_order_relaxed);
    while (free > 0) {
      if (free_places_.compare_exchange_weak(free, free - 1,
                                             std::memory_order_relaxed)) {
        return true;
      }
    }
    return false;
  }

  void LeaveSpinPlace() override {
    free_places_.fetch_add(1, std::memory_order_relaxed);
  }

  void Pause() override {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#else
    asm volatile("yield" ::: "memory");
#endif
  }

  base::ErrnoOr<void> Park(const uint32_t* word, uint32_t expected,
                           const std::atomic<uint32_t>& interrupt,
                           uint32_t uninterrupted) override {
    return FutexWaitEither(word, expected, interrupt, uninterrupted);
  }

 private:
  std::atomic<int> free_places_;
};

}  // namespace

WaitEnvironment& HostWaitEnvironment() {
  // Leaked on purpose: threads may wait until the very end of the process.
  static auto* const environment = new HostEnvironment(CountUsableCpus() / 2);
  return *environment;
}

}  // namespace gofer::flipcall
