#include "server/sandbox/syscall_policy.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <linux/sockios.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gofer::sandbox {
namespace {

// The bits that the kernel reads of an int argument.
constexpr uint64_t kInt = 0xffffffff;

constexpr ArgumentTest Is(unsigned index, uint64_t value) {
  return {index, kInt, value};
}

// Each of `flags` may be there or not.
constexpr ArgumentTest OnlyFlags(unsigned index, uint64_t flags) {
  return {index, kInt & ~flags, 0};
}

// All of `required` and any of `optional` may be there.
constexpr ArgumentTest Flags(unsigned index, uint64_t required,
                             uint64_t optional) {
  return {index, kInt & ~optional, required};
}

constexpr ArgumentTest Without(unsigned index, uint64_t flags) {
  return {index, flags, 0};
}

constexpr uint64_t kThread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
                             CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS |
                             CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID;
constexpr uint64_t kFutexFlags = FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME;
// SO_PASSRIGHTS, which the C library does not name yet.
constexpr uint64_t kPassRights = 83;
constexpr uint64_t kNewSocketFlags = SOCK_CLOEXEC | SOCK_NONBLOCK;
constexpr uint64_t kAnyTree = AT_EMPTY_PATH | AT_RECURSIVE;

using enum SyscallGroup;

const std::vector<SyscallRow> kRows = {
    // Files of the tree.
    {"openat", {}, "", kAlways, "files"},
    {"openat2", {}, "", kAlways, "files by path, from the root"},
    {"close", {}, "", kAlways, "files"},
    {"read", {}, "", kAlways, "files, signals, events"},
    {"write", {}, "", kAlways, "files, the log, events"},
    {"pread64", {}, "", kAlways, "files, the mount table"},
    {"pwrite64", {}, "", kAlways, "files"},
    {"lseek", {}, "", kAlways, "directories from the start again"},
    {"getdents64", {}, "", kAlways, "directories"},
    {"fstat", {}, "", kAlways, "files"},
    {"newfstatat", {}, "", kAlways, "files and entries of directories"},
    {"statx", {}, "", kAlways, "files: their mount and time of birth"},
    {"fstatfs", {}, "", kAlways, "file systems"},
    {"readlinkat", {}, "", kAlways, "symlinks"},
    {"fsync", {}, "", kAlways, "files"},
    {"ftruncate", {}, "", kAlways, "files, packet windows"},
    {"fallocate", {Is(1, 0)}, "mode is 0", kAlways, "files"},
    {"fchmod", {}, "", kAlways, "files"},
    {"fchmodat", {}, "", kAlways, "files, before Linux 6.6"},
    {"fchmodat2", {}, "", kAlways, "files"},
    {"fchownat", {}, "", kAlways, "files"},
    {"utimensat", {}, "", kAlways, "files"},
    {"mkdirat", {}, "", kAlways, "files"},
    {"mknodat", {{2, S_IFMT, S_IFREG}}, "type is S_IFREG", kAlways, "files"},
    {"mknodat",
     {{2, S_IFMT, S_IFCHR}, Is(3, 0)},
     "type is S_IFCHR, device is 0",
     kAlways,
     "whiteouts"},
    {"symlinkat", {}, "", kAlways, "files"},
    {"linkat",
     {OnlyFlags(4, AT_SYMLINK_FOLLOW)},
     "flags are at most AT_SYMLINK_FOLLOW",
     kAlways,
     "files"},
    {"renameat", {}, "", kAlways, "files"},
    {"renameat2", {}, "", kAlways, "files"},
    {"unlinkat", {}, "", kAlways, "files"},
    {"getxattr", {}, "", kAlways, "extended attributes"},
    {"setxattr", {}, "", kAlways, "extended attributes"},
    {"listxattr", {}, "", kAlways, "extended attributes"},
    {"removexattr", {}, "", kAlways, "extended attributes"},
    {"unshare",
     {Is(0, CLONE_FS)},
     "flags are CLONE_FS",
     kAlways,
     "a thread's working directory, for calls that take paths only"},
    {"fchdir", {}, "", kAlways, "a thread's working directory"},
    {"fcntl", {Is(1, F_GETFL)}, "command is F_GETFL", kAlways, "donations"},
    {"fcntl", {Is(1, F_SETFL)}, "command is F_SETFL", kAlways, "donations"},
    {"fcntl",
     {Is(1, F_DUPFD_CLOEXEC)},
     "command is F_DUPFD_CLOEXEC",
     kAlways,
     "donations"},

    // Connections.
    {"recvfrom",
     {OnlyFlags(3, MSG_DONTWAIT), {4, ~uint64_t{0}, 0}},
     "flags are at most MSG_DONTWAIT, no address",
     kAlways,
     "requests"},
    {"recvmsg",
     {Flags(2, MSG_PEEK, MSG_DONTWAIT)},
     "flags are MSG_PEEK and at most MSG_DONTWAIT",
     kAlways,
     "whether a request has descriptors, which are dropped"},
    {"timer_create", {}, "", kAlways, "the bound of a close that lingers"},
    {"timer_settime", {}, "", kAlways, "the bound of a close that lingers"},
    {"timer_delete", {}, "", kAlways, "the bound of a close that lingers"},
    {"sendmsg",
     {OnlyFlags(2, MSG_DONTWAIT | MSG_NOSIGNAL)},
     "flags are at most MSG_DONTWAIT and MSG_NOSIGNAL",
     kAlways,
     "responses"},
    {"shutdown", {}, "", kAlways, "the end of connections"},
    {"poll", {}, "", kAlways, "sockets, signals, the mount table"},
    {"ppoll", {}, "", kAlways, "poll, where there is no other"},
    {"ioctl",
     {Is(1, SIOCOUTQ)},
     "request is SIOCOUTQ",
     kAlways,
     "how much a client has not received yet"},
    {"getsockopt",
     {Is(1, SOL_SOCKET)},
     "level is SOL_SOCKET",
     kAlways,
     "a new connection's type and peer"},
    {"getpeername", {}, "", kAlways, "a new connection's peer"},
    {"socketpair",
     {Is(0, AF_UNIX), Is(1, SOCK_SEQPACKET | SOCK_CLOEXEC), Is(2, 0)},
     "AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0",
     kAlways,
     "channels"},
    {"setsockopt",
     {Is(1, SOL_SOCKET), Is(2, SO_SNDBUF)},
     "SOL_SOCKET, SO_SNDBUF",
     kAlways,
     "channels"},
    {"setsockopt",
     {Is(1, SOL_SOCKET), Is(2, SO_OOBINLINE)},
     "SOL_SOCKET, SO_OOBINLINE",
     kAlways,
     "urgent bytes are read in their turn"},
    {"setsockopt",
     {Is(1, SOL_SOCKET), Is(2, kPassRights)},
     "SOL_SOCKET, SO_PASSRIGHTS",
     kAlways,
     "a client sends no descriptors"},
    {"memfd_create", {}, "", kAlways, "packet windows"},
    {"fcntl",
     {Is(1, F_ADD_SEALS)},
     "command is F_ADD_SEALS",
     kAlways,
     "packet windows"},
    {"eventfd2",
     {Is(0, 0), Is(1, EFD_CLOEXEC)},
     "0, EFD_CLOEXEC",
     kAlways,
     "the end of connections"},

    // Threads, clocks, memory and the end, of the C library.
    {"clone",
     {Is(0, kThread)},
     "flags are those of a thread",
     kAlways,
     "threads"},
    {"set_robust_list", {}, "", kAlways, "threads"},
    {"rseq", {}, "", kAlways, "threads"},
    {"prctl",
     {Is(0, PR_SET_NAME)},
     "option is PR_SET_NAME",
     kAlways,
     "names of threads"},
    {"sched_getaffinity", {}, "", kAlways, "the number of processors"},
    {"sched_yield", {}, "", kAlways, "locks"},
    {"getcpu", {}, "", kAlways, "the allocator"},
    {"futex_waitv",
     {Is(1, 2), Is(2, 0)},
     "of two words, no flags",
     kAlways,
     "packet windows"},
    {"futex",
     {Flags(1, FUTEX_WAIT, kFutexFlags)},
     "operation is FUTEX_WAIT",
     kAlways,
     "packet windows, locks"},
    {"futex",
     {Flags(1, FUTEX_WAKE, kFutexFlags)},
     "operation is FUTEX_WAKE",
     kAlways,
     "packet windows, locks"},
    {"futex",
     {Flags(1, FUTEX_WAIT_BITSET, kFutexFlags)},
     "operation is FUTEX_WAIT_BITSET",
     kAlways,
     "condition variables, joining threads"},
    {"clock_gettime", {}, "", kAlways, "clocks, where not in user space"},
    {"gettimeofday", {}, "", kAlways, "clocks, where not in user space"},
    {"clock_nanosleep", {}, "", kAlways, "sleeps"},
    {"nanosleep", {}, "", kAlways, "sleeps"},
    {"restart_syscall", {}, "", kAlways, "waits interrupted by a stop"},
    {"getrandom", {}, "", kAlways, "the allocator"},
    {"brk", {}, "", kAlways, "memory"},
    {"mmap",
     {Without(2, PROT_EXEC), Flags(3, MAP_SHARED, MAP_FIXED)},
     "MAP_SHARED, without PROT_EXEC",
     kAlways,
     "packet windows"},
    {"mmap",
     {Without(2, PROT_EXEC), Flags(3, MAP_PRIVATE | MAP_ANONYMOUS,
                                   MAP_FIXED | MAP_NORESERVE | MAP_STACK)},
     "MAP_PRIVATE | MAP_ANONYMOUS, without PROT_EXEC",
     kAlways,
     "memory, stacks"},
    {"mremap",
     {OnlyFlags(3, MREMAP_MAYMOVE)},
     "flags are at most MREMAP_MAYMOVE",
     kAlways,
     "memory"},
    {"mprotect",
     {Without(2, PROT_EXEC)},
     "without PROT_EXEC",
     kAlways,
     "memory, stacks"},
    {"munmap", {}, "", kAlways, "memory, stacks, packet windows"},
    {"madvise", {}, "", kAlways, "memory, stacks"},
    {"rt_sigprocmask", {}, "", kAlways, "threads, abort"},
    {"rt_sigaction", {}, "", kAlways, "abort"},
    {"rt_sigreturn", {}, "", kAlways, "signals"},
    {"gettid", {}, "", kAlways, "abort"},
    {"getpid", {}, "", kAlways, "abort"},
    {"tgkill", {Is(0, kOwnPid)}, "the process itself", kAlways, "abort"},
    {"writev",
     {Is(0, STDERR_FILENO)},
     "to stderr",
     kAlways,
     "the C library's last words"},
    {"exit", {}, "", kAlways, "threads"},
    {"exit_group", {}, "", kAlways, "the end"},

    // UNIX sockets of the host.
    {"socket",
     {Is(0, AF_UNIX), Flags(1, SOCK_STREAM, kNewSocketFlags), Is(2, 0)},
     "AF_UNIX, SOCK_STREAM, 0",
     kSockets,
     "sockets of the host"},
    {"socket",
     {Is(0, AF_UNIX), Flags(1, SOCK_DGRAM, kNewSocketFlags), Is(2, 0)},
     "AF_UNIX, SOCK_DGRAM, 0",
     kSockets,
     "sockets of the host"},
    {"socket",
     {Is(0, AF_UNIX), Flags(1, SOCK_SEQPACKET, kNewSocketFlags), Is(2, 0)},
     "AF_UNIX, SOCK_SEQPACKET, 0",
     kSockets,
     "sockets of the host"},
    {"connect", {}, "", kConnect, "sockets of the host"},
    {"bind", {}, "", kBind, "sockets in the tree"},
    {"listen", {}, "", kBind, "sockets in the tree"},
    {"accept4",
     {OnlyFlags(3, kNewSocketFlags)},
     "flags are at most SOCK_CLOEXEC and SOCK_NONBLOCK",
     kBind,
     "sockets in the tree"},

    // Calls to connect as another user, and to become ourselves again.
    {"geteuid", {}, "", kCredentials, "connecting as another user"},
    {"getegid", {}, "", kCredentials, "connecting as another user"},
    {"setresuid",
     {Is(0, kInt), Is(2, kInt)},
     "the effective id only",
     kCredentials,
     "connecting as another user"},
    {"setresgid",
     {Is(0, kInt), Is(2, kInt)},
     "the effective id only",
     kCredentials,
     "connecting as another user"},

    // Copies of mounts for clients.
    {"open_tree",
     {Is(2, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | kAnyTree)},
     "a copy of the whole tree of a descriptor",
     kDonateMounts,
     "donated mounts"},
    {"mount_setattr",
     {Is(2, kAnyTree)},
     "the whole tree of a descriptor",
     kDonateMounts,
     "donated mounts"},

    // The control socket.
    {"accept4",
     {OnlyFlags(3, kNewSocketFlags)},
     "flags are at most SOCK_CLOEXEC and SOCK_NONBLOCK",
     kControl,
     "a goferd that is new"},
    {"recvmsg",
     {OnlyFlags(2, MSG_DONTWAIT | MSG_TRUNC | MSG_CMSG_CLOEXEC)},
     "flags are at most MSG_DONTWAIT, MSG_TRUNC and MSG_CMSG_CLOEXEC",
     kReceiveFds,
     "requests with descriptors, the sandbox's process"},
    {"prlimit64",
     {Is(0, 0), Is(1, RLIMIT_NOFILE)},
     "the process's own RLIMIT_NOFILE",
     kControl,
     "changed limits"},
};

}  // namespace

const std::vector<SyscallRow>& SyscallRows() { return kRows; }

bool Allows(const SyscallPlan& plan, SyscallGroup group) {
  switch (group) {
    case kAlways:
      return true;
    case kSockets:
      return plan.connect || plan.bind;
    case kConnect:
      return plan.connect;
    case kBind:
      return plan.bind;
    case kCredentials:
      return plan.credentials;
    case kDonateMounts:
      return plan.donate_mounts;
    case kControl:
      return plan.control;
    case kReceiveFds:
      return plan.control || plan.sandbox_exit;
  }
  return false;
}

}  // namespace gofer::sandbox
