// LisafsLoad: a client that asks one question after the other.

#ifndef GOFERD_TESTS_BENCH_CONTROLPLANE_LISAFS_LOAD_H_
#define GOFERD_TESTS_BENCH_CONTROLPLANE_LISAFS_LOAD_H_

#include <atomic>
#include <cstdint>

#include "absl/time/time.h"
#include "clients/lisafs/client.h"
#include "server/base/thread.h"

namespace goferd::bench {

// FStat, over a channel, on a thread of its own, from construction to
// destruction.
class LisafsLoad {
 public:
  explicit LisafsLoad(gofer::client::Client client);
  ~LisafsLoad();
  LisafsLoad(const LisafsLoad&) = delete;
  LisafsLoad& operator=(const LisafsLoad&) = delete;

  uint64_t failures() const { return failures_.load(); }
  // Requests a second, counted over `window` from now.
  double RateOver(absl::Duration window) const;

 private:
  gofer::client::Client client_;
  std::atomic<bool> stop_ = false;
  std::atomic<uint64_t> done_ = 0;
  std::atomic<uint64_t> failures_ = 0;
  gofer::base::Thread thread_;
};

}  // namespace goferd::bench

#endif  // GOFERD_TESTS_BENCH_CONTROLPLANE_LISAFS_LOAD_H_
