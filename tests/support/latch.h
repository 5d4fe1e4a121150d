// Latch: a gate that a test opens once.

#ifndef GOFER_TESTS_SUPPORT_LATCH_H_
#define GOFER_TESTS_SUPPORT_LATCH_H_

#include "server/base/mutex.h"

namespace gofer::test {

// Thread-safe.
class Latch {
 public:
  void Open() {
    base::MutexLock lock(mu_);
    open_ = true;
    opened_.NotifyAll();
  }
  // Blocks until it is open.
  void Wait() {
    base::MutexLock lock(mu_);
    while (!open_) opened_.Wait(mu_);
  }
  bool open() {
    base::MutexLock lock(mu_);
    return open_;
  }

 private:
  base::Mutex mu_;
  base::CondVar opened_;
  bool open_ ABSL_GUARDED_BY(mu_) = false;
};

}  // namespace gofer::test

#endif  // GOFER_TESTS_SUPPORT_LATCH_H_
