// BlockingEnvironment: really parks, and tells when a thread is about to. Lets
// a test act while an endpoint is inside its wait.

#ifndef GOFER_TESTS_UNIT_SERVER_FLIPCALL_BLOCKING_ENVIRONMENT_H_
#define GOFER_TESTS_UNIT_SERVER_FLIPCALL_BLOCKING_ENVIRONMENT_H_

#include <atomic>
#include <cstdint>

#include "server/base/mutex.h"
#include "server/flipcall/futex.h"
#include "server/flipcall/wait_environment.h"

namespace gofer::flipcall {

class BlockingEnvironment final : public WaitEnvironment {
 public:
  uint64_t NowNanos() override { return 0; }
  bool TakeSpinPlace() override { return false; }
  void LeaveSpinPlace() override {}
  void Pause() override {}

  base::ErrnoOr<void> Park(const uint32_t* word, uint32_t expected,
                           const std::atomic<uint32_t>& interrupt,
                           uint32_t uninterrupted) override {
    {
      base::MutexLock lock(mu_);
      ++parks_;
      parked_.NotifyAll();
    }
    return FutexWaitEither(word, expected, interrupt, uninterrupted);
  }

  // Returns when Park has been called `count` times in all. The thread is then
  // asleep, or just before it.
  void AwaitParks(int count) {
    base::MutexLock lock(mu_);
    while (parks_ < count) parked_.Wait(mu_);
  }

  int parks() {
    base::MutexLock lock(mu_);
    return parks_;
  }

 private:
  base::Mutex mu_;
  base::CondVar parked_;
  int parks_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace gofer::flipcall

#endif  // GOFER_TESTS_UNIT_SERVER_FLIPCALL_BLOCKING_ENVIRONMENT_H_
