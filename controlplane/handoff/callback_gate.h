// CallbackGate: lets an object end while a loop still calls it.

#ifndef GOFERD_CONTROLPLANE_HANDOFF_CALLBACK_GATE_H_
#define GOFERD_CONTROLPLANE_HANDOFF_CALLBACK_GATE_H_

#include "absl/functional/function_ref.h"
#include "server/base/mutex.h"

namespace goferd::handoff {

// Every callback enters through the gate; a closed gate lets none in.
// Thread-safe.
class CallbackGate {
 public:
  // Does `work`, unless the gate is closed.
  void Enter(absl::FunctionRef<void()> work) {
    {
      gofer::base::MutexLock lock(mu_);
      if (closed_) return;
      ++inside_;
    }
    work();
    gofer::base::MutexLock lock(mu_);
    if (--inside_ == 0) empty_.NotifyAll();
  }

  // Waits for callbacks that are inside. Called by one of them, it would wait
  // for itself.
  void Close() {
    gofer::base::MutexLock lock(mu_);
    closed_ = true;
    while (inside_ > 0) empty_.Wait(mu_);
  }

 private:
  gofer::base::Mutex mu_;
  gofer::base::CondVar empty_;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  int inside_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace goferd::handoff

#endif  // GOFERD_CONTROLPLANE_HANDOFF_CALLBACK_GATE_H_
