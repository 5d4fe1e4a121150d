#include "tests/support/process_counts.h"

#include <dirent.h>
#include <sched.h>

#include <ostream>
#include <thread>

#include "server/base/check.h"
#include "server/base/clock.h"

namespace gofer::test {
namespace {

size_t EntriesOf(const char* path) {
  DIR* const directory = ::opendir(path);
  GOFER_CHECK(directory != nullptr);
  size_t entries = 0;
  while (const dirent* const entry = ::readdir(directory)) {
    if (entry->d_name[0] != '.') ++entries;
  }
  ::closedir(directory);
  return entries;
}

// ThreadSanitizer starts a thread of its own with the first one of ours.
void StartSanitizerThread() {
  static const bool started = [] {
    std::thread([] {}).join();
    return true;
  }();
  static_cast<void>(started);
}

}  // namespace

ProcessCounts ProcessCounts::Take() {
  StartSanitizerThread();
  // The directory that is being read is among the FDs, always.
  return {EntriesOf("/proc/self/fd") - 1, EntriesOf("/proc/self/task")};
}

ProcessCounts ProcessCounts::Settled(const ProcessCounts& expected) {
  constexpr uint64_t kPatienceNanos = 5'000'000'000;
  const uint64_t deadline = base::MonotonicNanos() + kPatienceNanos;
  ProcessCounts counts = Take();
  while (counts != expected && base::MonotonicNanos() < deadline) {
    ::sched_yield();
    counts = Take();
  }
  return counts;
}

std::ostream& operator<<(std::ostream& out, const ProcessCounts& counts) {
  return out << counts.fds << " FDs, " << counts.threads << " threads";
}

}  // namespace gofer::test
