// RequestGate: counts the handlers at work on a connection and, once closed,
// lets none in and waits for those inside.

#ifndef GOFER_SERVER_LISAFS_REQUEST_GATE_H_
#define GOFER_SERVER_LISAFS_REQUEST_GATE_H_

#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>

#include "server/base/mutex.h"

namespace gofer::lisafs {

// Thread-safe. Passing an open gate costs two atomic operations.
class RequestGate {
 public:
  // One handler's stay inside; it leaves when destroyed.
  class Pass {
   public:
    Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    Pass& operator=(Pass&& other) noexcept {
      std::swap(gate_, other.gate_);
      return *this;
    }
    ~Pass() {
      if (gate_ != nullptr) gate_->Leave();
    }

   private:
    friend class RequestGate;
    explicit Pass(RequestGate* gate) : gate_(gate) {}
    RequestGate* gate_;
  };

  // Nothing when the gate is closed.
  std::optional<Pass> TryEnter() {
    uint32_t word = word_.load(std::memory_order_relaxed);
    do {
      if ((word & kClosed) != 0) return std::nullopt;
    } while (!word_.compare_exchange_weak(
        word, word + 1, std::memory_order_acquire, std::memory_order_relaxed));
    return Pass(this);
  }

  // Refuses every handler that comes from now on; does not wait.
  void Close() { word_.fetch_or(kClosed, std::memory_order_acq_rel); }

  // Closes the gate and blocks until everybody has left. There is no timeout: a
  // stuck handler stalls the teardown, where a supervisor can see it.
  void CloseAndWait() {
    Close();
    base::MutexLock lock(mu_);
    while (word_.load(std::memory_order_acquire) != kClosed) empty_.Wait(mu_);
  }

  bool closed() const {
    return (word_.load(std::memory_order_acquire) & kClosed) != 0;
  }

 private:
  static constexpr uint32_t kClosed = uint32_t{1} << 31;

  void Leave() {
    if (word_.fetch_sub(1, std::memory_order_release) == (kClosed | 1)) {
      base::MutexLock lock(mu_);
      empty_.NotifyAll();
    }
  }

  // kClosed | number of handlers inside.
  std::atomic<uint32_t> word_ = 0;
  base::Mutex mu_;
  base::CondVar empty_;
};

}  // namespace gofer::lisafs

#endif  // GOFER_SERVER_LISAFS_REQUEST_GATE_H_
