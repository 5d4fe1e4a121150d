// IsAsleep: whether a thread waits in the kernel, for tests of locks.

#ifndef GOFER_TESTS_SUPPORT_ASLEEP_H_
#define GOFER_TESTS_SUPPORT_ASLEEP_H_

#include <sched.h>
#include <sys/types.h>

#include <fstream>
#include <string>

namespace gofer::test {

// Of a thread of this process. A thread that waits for a CPU is not asleep.
inline bool IsAsleep(pid_t tid) {
  std::string pid;
  std::string name;
  std::string state;
  std::ifstream("/proc/self/task/" + std::to_string(tid) + "/stat") >> pid >>
      name >> state;
  return state == "S";
}

// Waits until the thread is asleep, and has been for a few looks in a row, or
// until done() says that there is nothing to wait for. True when it sleeps.
template <class Done>
bool WaitUntilAsleep(pid_t tid, Done done) {
  constexpr int kLooks = 5;
  for (int asleep = 0; asleep < kLooks; ::sched_yield()) {
    if (done()) return false;
    asleep = IsAsleep(tid) ? asleep + 1 : 0;
  }
  return true;
}

}  // namespace gofer::test

#endif  // GOFER_TESTS_SUPPORT_ASLEEP_H_
