// What the process has, exactly: for tests that nothing is left behind.

#ifndef GOFER_TESTS_SUPPORT_PROCESS_COUNTS_H_
#define GOFER_TESTS_SUPPORT_PROCESS_COUNTS_H_

#include <cstddef>
#include <iosfwd>

namespace gofer::test {

struct ProcessCounts {
  size_t fds = 0;
  size_t threads = 0;

  // Counts now.
  static ProcessCounts Take();

  // Counts until `expected` is met, for a few seconds at most: the kernel lists
  // a thread a moment longer than pthread_join waits for it.
  static ProcessCounts Settled(const ProcessCounts& expected);

  friend bool operator==(const ProcessCounts&, const ProcessCounts&) = default;
};

std::ostream& operator<<(std::ostream& out, const ProcessCounts& counts);

}  // namespace gofer::test

#endif  // GOFER_TESTS_SUPPORT_PROCESS_COUNTS_H_
