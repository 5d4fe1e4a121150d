// SyscallRow: the system calls that a serving process makes, as data. The
// filter is compiled from these rows, and people read them in a plan's JSON.

#ifndef GOFER_SERVER_SANDBOX_SYSCALL_POLICY_H_
#define GOFER_SERVER_SANDBOX_SYSCALL_POLICY_H_

#include <cstdint>
#include <vector>

#include "server/sandbox/plan.h"

namespace gofer::sandbox {

// The part of a SyscallPlan that a row belongs to.
enum class SyscallGroup {
  kAlways,
  kSockets,  // connect or bind
  kConnect,
  kBind,
  kCredentials,
  kDonateMounts,
  kControl,
  kReceiveFds,
};

// Holds for a call whose argument number `index`, after `& mask`, is `value`.
struct ArgumentTest {
  unsigned index;
  uint64_t mask;
  uint64_t value;
};

// Used as a value, this stands for the id of the process that installs the
// filter.
constexpr uint64_t kOwnPid = ~uint64_t{0};

// A call is allowed when all tests of one of the rows with its name hold.
struct SyscallRow {
  // The kernel's name. Some architectures have fewer.
  const char* name;
  std::vector<ArgumentTest> tests;
  // The tests in words; "" for none.
  const char* when;
  SyscallGroup group;
  // Who makes the call.
  const char* reason;
};

// All rows, those of a group together.
const std::vector<SyscallRow>& SyscallRows();

// Whether `plan` has the group.
bool Allows(const SyscallPlan& plan, SyscallGroup group);

}  // namespace gofer::sandbox

#endif  // GOFER_SERVER_SANDBOX_SYSCALL_POLICY_H_
