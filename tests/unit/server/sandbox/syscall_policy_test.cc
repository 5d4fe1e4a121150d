#include "server/sandbox/syscall_policy.h"

#include <seccomp.h>

#include <map>
#include <set>
#include <string>

#include "gtest/gtest.h"

namespace gofer::sandbox {
namespace {

using Names = std::set<std::string>;

// What the reference's gofer may call: gVisor, runsc/fsgofer/filter, of the
// releases that it shares with us, without its sockets.
const Names kReference = {
    "accept",
    "clock_gettime",
    "clone",
    "close",
    "dup",
    "epoll_ctl",
    "epoll_pwait",
    "eventfd2",
    "exit",
    "exit_group",
    "fallocate",
    "fchmod",
    "fchmodat",
    "fchownat",
    "fcntl",
    "fstat",
    "fstatfs",
    "fsync",
    "ftruncate",
    "futex",
    "getcpu",
    "getdents64",
    "getpid",
    "getrandom",
    "gettid",
    "gettimeofday",
    "linkat",
    "lseek",
    "madvise",
    "memfd_create",
    "mkdirat",
    "mknodat",
    "mmap",
    "mprotect",
    "munmap",
    "nanosleep",
    "newfstatat",
    "openat",
    "ppoll",
    "pread64",
    "pwrite64",
    "read",
    "readlinkat",
    "recvmsg",
    "renameat",
    "restart_syscall",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sched_yield",
    "sendmsg",
    "shutdown",
    "sigaltstack",
    "socketpair",
    "symlinkat",
    "tgkill",
    "unlinkat",
    "utimensat",
    "write",
    // Aug 2026.
    "openat2",
    "renameat2",
    "sched_getaffinity",
    "statx",
};
const std::map<SyscallGroup, Names> kReferenceGroups = {
    {SyscallGroup::kSockets, {"socket"}},
    {SyscallGroup::kConnect, {"connect"}},
    {SyscallGroup::kBind, {"accept4", "bind", "listen"}},
    {SyscallGroup::kControl, {"accept4"}},
};

// What only we call.
const std::map<std::string, std::string> kExceptions = {
    {"brk", "the C library's allocator; Go's has mmap only"},
    {"clock_nanosleep", "what nanosleep(3) calls"},
    {"fchdir", "calls that take a path run in their thread's directory"},
    {"getegid", "connecting as another user; the reference keeps them"},
    {"geteuid", "connecting as another user; the reference keeps them"},
    {"fchmodat2", "fchmod takes no O_PATH descriptor"},
    {"futex_waitv", "a shutdown ends a sleep that the client has hidden"},
    {"getpeername", "a connection's socket is checked"},
    {"getsockopt", "a connection's socket is checked"},
    {"getxattr", "f*xattr takes no O_PATH descriptor"},
    {"ioctl", "SIOCOUTQ: a client must take its descriptors"},
    {"listxattr", "f*xattr takes no O_PATH descriptor"},
    {"mount_setattr", "a donated mount point is a mount of its own"},
    {"mremap", "the C library's realloc"},
    {"open_tree", "a donated mount point is a mount of its own"},
    {"poll", "threads wait where Go's runtime has epoll"},
    {"prctl", "threads have names"},
    {"prlimit64", "goferd changes the limit of descriptors"},
    {"recvfrom", "requests are received without descriptors"},
    {"removexattr", "f*xattr takes no O_PATH descriptor"},
    {"rseq", "the C library's threads"},
    {"set_robust_list", "the C library's threads"},
    {"setresgid", "the reference has setregid"},
    {"setresuid", "the reference has setreuid"},
    {"setsockopt", "a channel's socket has a small buffer"},
    {"timer_create", "a close that lingers is interrupted"},
    {"timer_delete", "a close that lingers is interrupted"},
    {"timer_settime", "a close that lingers is interrupted"},
    {"setxattr", "f*xattr takes no O_PATH descriptor"},
    {"unshare", "CLONE_FS: a thread's own working directory"},
    {"writev", "the C library's abort message"},
};

bool ReferenceHas(const SyscallRow& row) {
  if (kReference.count(row.name) != 0) return true;
  const auto group = kReferenceGroups.find(row.group);
  return group != kReferenceGroups.end() && group->second.count(row.name) != 0;
}

TEST(SyscallPolicyTest, IsNoWiderThanTheReferenceWithoutAReason) {
  for (const SyscallRow& row : SyscallRows()) {
    EXPECT_TRUE(ReferenceHas(row) || kExceptions.count(row.name) != 0)
        << row.name;
  }
}

TEST(SyscallPolicyTest, HasARowForEachException) {
  Names ours;
  for (const SyscallRow& row : SyscallRows()) ours.insert(row.name);
  for (const auto& [name, reason] : kExceptions) {
    EXPECT_EQ(ours.count(name), 1u) << name;
    EXPECT_EQ(kReference.count(name), 0u) << name;
  }
}

TEST(SyscallPolicyTest, NeverAllowsDangerousCalls) {
  const Names never = {"bpf",
                       "chroot",
                       "clone3",
                       "execve",
                       "execveat",
                       "fork",
                       "fsmount",
                       "init_module",
                       "io_uring_setup",
                       "kill",
                       "mount",
                       "move_mount",
                       "open_by_handle_at",
                       "pidfd_getfd",
                       "pivot_root",
                       "process_vm_writev",
                       "ptrace",
                       "setns",
                       "umount2",
                       "userfaultfd",
                       "vfork"};
  for (const SyscallRow& row : SyscallRows()) {
    EXPECT_EQ(never.count(row.name), 0u) << row.name;
  }
}

// The arguments of these are what makes them harmless.
TEST(SyscallPolicyTest, TestsArguments) {
  const Names tested = {
      "clone",       "eventfd2", "fallocate",  "fcntl",     "futex",
      "futex_waitv", "ioctl",    "linkat",     "mknodat",   "mmap",
      "mprotect",    "prctl",    "mremap",     "open_tree", "mount_setattr",
      "recvfrom",    "recvmsg",  "sendmsg",    "setresgid", "setresuid",
      "setsockopt",  "socket",   "socketpair", "tgkill",    "unshare",
      "writev"};
  for (const SyscallRow& row : SyscallRows()) {
    EXPECT_EQ(row.tests.empty(),
              tested.count(row.name) == 0 && std::string(row.when).empty())
        << row.name;
  }
}

// The filter leaves out what this architecture does not have.
TEST(SyscallPolicyTest, MisspellsNoName) {
  for (const SyscallRow& row : SyscallRows()) {
    EXPECT_NE(::seccomp_syscall_resolve_name(row.name), __NR_SCMP_ERROR)
        << row.name;
  }
}

TEST(SyscallPolicyTest, EachRowSaysWhy) {
  for (const SyscallRow& row : SyscallRows()) {
    EXPECT_STRNE(row.reason, "") << row.name;
    EXPECT_EQ(row.tests.empty(), std::string(row.when).empty()) << row.name;
    Names arguments;
    for (const ArgumentTest& test : row.tests) {
      EXPECT_LT(test.index, 6u) << row.name;
      if (test.value != kOwnPid) {
        EXPECT_EQ(test.value & ~test.mask, 0u) << row.name << ": never true";
      }
      // libseccomp takes one test of an argument.
      EXPECT_TRUE(arguments.insert(std::to_string(test.index)).second)
          << row.name;
    }
  }
}

TEST(SyscallPolicyTest, GroupsFollowThePlan) {
  const SyscallPlan nothing;
  EXPECT_TRUE(Allows(nothing, SyscallGroup::kAlways));
  EXPECT_FALSE(Allows(nothing, SyscallGroup::kSockets));
  EXPECT_FALSE(Allows(nothing, SyscallGroup::kConnect));
  EXPECT_FALSE(Allows(nothing, SyscallGroup::kBind));
  EXPECT_FALSE(Allows(nothing, SyscallGroup::kCredentials));
  EXPECT_FALSE(Allows(nothing, SyscallGroup::kDonateMounts));
  EXPECT_FALSE(Allows(nothing, SyscallGroup::kControl));
  EXPECT_TRUE(Allows({.control = true}, SyscallGroup::kControl));
  const SyscallPlan bind = {.bind = true};
  EXPECT_TRUE(Allows(bind, SyscallGroup::kSockets));
  EXPECT_TRUE(Allows(bind, SyscallGroup::kBind));
  EXPECT_FALSE(Allows(bind, SyscallGroup::kConnect));
  const SyscallPlan others = {.credentials = true, .donate_mounts = true};
  EXPECT_FALSE(Allows(others, SyscallGroup::kSockets));
  EXPECT_TRUE(Allows(others, SyscallGroup::kCredentials));
  EXPECT_TRUE(Allows(others, SyscallGroup::kDonateMounts));
}

}  // namespace
}  // namespace gofer::sandbox
