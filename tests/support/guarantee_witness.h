// GuaranteeWitness: notices when the guarantees that a backend was promised do
// not hold.

#ifndef GOFER_TESTS_SUPPORT_GUARANTEE_WITNESS_H_
#define GOFER_TESTS_SUPPORT_GUARANTEE_WITNESS_H_

#include <atomic>
#include <cstdint>

#include "server/base/check.h"

namespace gofer::test {

// One per tree node, and one per tree for the global guarantee. A backend
// method announces itself for as long as it runs; overlapping announcements
// that the guarantees exclude end the process. The plain field shows the same
// to ThreadSanitizer, also when the methods do not quite overlap.
class GuaranteeWitness {
 public:
  // A method that runs with a shared guarantee.
  class Shared {
   public:
    explicit Shared(GuaranteeWitness& witness) : witness_(witness) {
      GOFER_CHECK(witness_.inside_.fetch_add(1) >= 0);
      seen_ = witness_.writes_;
    }
    ~Shared() {
      GOFER_CHECK(seen_ == witness_.writes_);
      GOFER_CHECK(witness_.inside_.fetch_sub(1) > 0);
    }
    Shared(const Shared&) = delete;
    Shared& operator=(const Shared&) = delete;

   private:
    GuaranteeWitness& witness_;
    uint64_t seen_;
  };

  // A method that runs alone.
  class Alone {
   public:
    explicit Alone(GuaranteeWitness& witness) : witness_(witness) {
      GOFER_CHECK(witness_.inside_.exchange(kAlone) == 0);
      ++witness_.writes_;
    }
    ~Alone() { GOFER_CHECK(witness_.inside_.exchange(0) == kAlone); }
    Alone(const Alone&) = delete;
    Alone& operator=(const Alone&) = delete;

   private:
    GuaranteeWitness& witness_;
  };

 private:
  static constexpr int64_t kAlone = -(int64_t{1} << 40);

  // Methods inside, or kAlone. Relaxed on purpose: it must not order what the
  // guarantees are to order.
  struct RelaxedCount {
    int64_t fetch_add(int64_t n) {
      return value.fetch_add(n, std::memory_order_relaxed);
    }
    int64_t fetch_sub(int64_t n) {
      return value.fetch_sub(n, std::memory_order_relaxed);
    }
    int64_t exchange(int64_t n) {
      return value.exchange(n, std::memory_order_relaxed);
    }
    std::atomic<int64_t> value = 0;
  };
  RelaxedCount inside_;
  uint64_t writes_ = 0;
};

}  // namespace gofer::test

#endif  // GOFER_TESTS_SUPPORT_GUARANTEE_WITNESS_H_
