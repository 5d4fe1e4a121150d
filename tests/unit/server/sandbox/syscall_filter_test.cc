#include "server/sandbox/syscall_filter.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <sched.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <ostream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "server/base/log.h"
#include "server/base/thread.h"
#include "tests/unit/server/hostfs/temp_directory.h"
#include "tests/unit/server/sandbox/child.h"

namespace gofer::sandbox {
namespace {

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define GOFER_SANITIZER
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
    defined(GOFER_SANITIZER)
constexpr bool kSanitizer = true;
#else
constexpr bool kSanitizer = false;
#endif

constexpr long kFchmodat2 = 452;

// Runs `body` behind the filter of `plan`.
ChildEnd RunFiltered(const SyscallPlan& plan,
                     const std::function<void(const ChildReport&)>& body) {
  return RunInChild([&](const ChildReport& report) {
    CHILD_REQUIRE(report, ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    CHILD_REQUIRE(report, InstallSyscallFilter(plan).ok());
    body(report);
  });
}

class SyscallFilterTest : public testing::Test {
 protected:
  void SetUp() override {
    if (kSanitizer) GTEST_SKIP() << "sanitizers make other system calls";
  }
};

void ExpectFine(const ChildEnd& end) {
  EXPECT_EQ(end.report, "");
  EXPECT_EQ(end.signal, 0);
}

TEST_F(SyscallFilterTest, NeedsNoNewPrivileges) {
  ExpectFine(RunInChild([](const ChildReport& report) {
    if (::geteuid() == 0) {
      CHILD_REQUIRE(report, ::setresuid(65534, 65534, 65534) == 0);
    }
    const auto installed = InstallSyscallFilter({});
    CHILD_EXPECT(report, !installed.ok());
    CHILD_EXPECT(report, installed.error() == base::Errno(EACCES));
  }));
}

TEST_F(SyscallFilterTest, ThreadsMemoryAndTheLogWork) {
  ExpectFine(RunFiltered({}, [](const ChildReport& report) {
    std::mutex mutex;
    std::condition_variable ready;
    int count = 0;
    std::vector<base::Thread> threads;
    for (int i = 0; i < 8; ++i) {
      auto thread = base::Thread::Start("filtered", [&] {
        std::vector<std::string> blocks;
        for (int j = 0; j < 64; ++j) blocks.emplace_back(1 << 20, 'x');
        void* grown = std::malloc(size_t{1} << 20);
        grown = std::realloc(grown, size_t{64} << 20);
        std::free(grown);
        const std::lock_guard lock(mutex);
        ++count;
        ready.notify_one();
      });
      CHILD_REQUIRE(report, thread.ok());
      threads.push_back(*std::move(thread));
    }
    {
      std::unique_lock lock(mutex);
      ready.wait_for(lock, std::chrono::seconds(20),
                     [&] { return count == 8; });
      CHILD_EXPECT(report, count == 8);
    }
    for (auto& thread : threads) thread.Join();
    base::Log().info("written behind the filter");
    std::fprintf(stderr, "and this\n");
    const timespec nap = {.tv_sec = 0, .tv_nsec = 1};
    CHILD_EXPECT(report, ::nanosleep(&nap, nullptr) == 0);
  }));
}

TEST_F(SyscallFilterTest, FileWorkWorks) {
  const hostfs::TempDirectory directory;
  directory.MakeFile("f", "text");
  ExpectFine(RunFiltered({}, [&](const ChildReport& report) {
    const base::UniqueFd dir = directory.Open("", O_RDONLY | O_DIRECTORY);
    CHILD_REQUIRE(report, dir.valid());
    const int at = dir.get();
    const base::UniqueFd file(::openat(at, "f", O_RDWR | O_CLOEXEC));
    struct stat stat;
    CHILD_EXPECT(report, ::fstat(file.get(), &stat) == 0);
    CHILD_EXPECT(report, ::ftruncate(file.get(), 2) == 0);
    CHILD_EXPECT(report, ::fallocate(file.get(), 0, 0, 10) == 0);
    CHILD_EXPECT(report, ::linkat(at, "f", at, "g", 0) == 0);
    CHILD_EXPECT(report, ::renameat(at, "g", at, "h") == 0);
    CHILD_EXPECT(report, ::renameat2(at, "h", at, "i", RENAME_NOREPLACE) == 0);
    CHILD_EXPECT(report, ::unlinkat(at, "i", 0) == 0);
    CHILD_EXPECT(report, ::mkdirat(at, "d", 0755) == 0);
    CHILD_EXPECT(report, ::mknodat(at, "r", S_IFREG | 0600, 0) == 0);
    CHILD_EXPECT(report, ::symlinkat("f", at, "s") == 0);
    // 0 or an error: the kernel may have none.
    (void)::syscall(kFchmodat2, at, "f", 0600, 0);
    CHILD_EXPECT(report, ::unshare(CLONE_FS) == 0);
    CHILD_EXPECT(report, ::fchdir(at) == 0);
    char value[8];
    CHILD_EXPECT(report, ::getxattr("f", "user.x", value, 8) == -1);
    int pair[2];
    CHILD_REQUIRE(report, ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC,
                                       0, pair) == 0);
    int unread = 0;
    CHILD_EXPECT(report, ::ioctl(pair[0], SIOCOUTQ, &unread) == 0);
    const int copy = ::fcntl(file.get(), F_DUPFD_CLOEXEC, 0);
    CHILD_EXPECT(report, copy >= 0);
    const base::UniqueFd memory(::memfd_create("m", MFD_ALLOW_SEALING));
    CHILD_EXPECT(report, ::ftruncate(memory.get(), 4096) == 0);
    CHILD_EXPECT(report,
                 ::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK) == 0);
    CHILD_EXPECT(report, ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE,
                                MAP_SHARED, memory.get(), 0) != MAP_FAILED);
  }));
}

TEST_F(SyscallFilterTest, WhiteoutsWork) {
  if (::geteuid() != 0) GTEST_SKIP() << "some kernels want CAP_MKNOD";
  const hostfs::TempDirectory directory;
  const std::string path = directory.Path("w");
  ExpectFine(RunFiltered({}, [&](const ChildReport& report) {
    CHILD_EXPECT(report, ::mknod(path.c_str(), S_IFCHR, makedev(0, 0)) == 0);
  }));
}

TEST_F(SyscallFilterTest, AbortSaysSo) {
  EXPECT_EQ(RunFiltered({}, [](const ChildReport&) { std::abort(); }).signal,
            SIGABRT);
}

TEST_F(SyscallFilterTest, Clone3SaysThatThereIsNone) {
  ExpectFine(RunFiltered({}, [](const ChildReport& report) {
    CHILD_EXPECT(report, ::syscall(SYS_clone3, nullptr, 0) == -1);
    CHILD_EXPECT(report, errno == 0 || errno == ENOSYS);
  }));
}

TEST_F(SyscallFilterTest, SocketsOfTheHostWorkWhenPlanned) {
  const hostfs::TempDirectory directory;
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  directory.Path("s").copy(address.sun_path, sizeof(address.sun_path) - 1);
  const auto* name = reinterpret_cast<const sockaddr*>(&address);
  ExpectFine(RunFiltered(
      {.connect = true, .bind = true}, [&](const ChildReport& report) {
        const int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
        const base::UniqueFd bound(::socket(AF_UNIX, type, 0));
        CHILD_EXPECT(report, ::bind(bound.get(), name, sizeof(address)) == 0);
        CHILD_EXPECT(report, ::listen(bound.get(), 1) == 0);
        const base::UniqueFd client(::socket(AF_UNIX, type, 0));
        CHILD_EXPECT(report,
                     ::connect(client.get(), name, sizeof(address)) == 0);
        const base::UniqueFd server(::accept4(bound.get(), nullptr, nullptr,
                                              SOCK_NONBLOCK | SOCK_CLOEXEC));
        CHILD_EXPECT(report, server.valid());
      }));
}

TEST_F(SyscallFilterTest, EffectiveIdsWorkWhenPlanned) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to change ids";
  ExpectFine(RunFiltered({.credentials = true}, [](const ChildReport& report) {
    CHILD_EXPECT(report, ::syscall(SYS_setresgid, -1, 1000, -1) == 0);
    CHILD_EXPECT(report, ::syscall(SYS_setresuid, -1, 1000, -1) == 0);
    CHILD_EXPECT(report, ::geteuid() == 1000);
    CHILD_EXPECT(report, ::syscall(SYS_setresuid, -1, 0, -1) == 0);
    CHILD_EXPECT(report, ::syscall(SYS_setresgid, -1, 0, -1) == 0);
  }));
}

TEST_F(SyscallFilterTest, MountCopiesWorkWhenPlanned) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root to copy mounts";
  const base::UniqueFd root(::open("/", O_PATH | O_CLOEXEC));
  ExpectFine(
      RunFiltered({.donate_mounts = true}, [&](const ChildReport& report) {
        const unsigned whole = AT_EMPTY_PATH | AT_RECURSIVE;
        const base::UniqueFd copy(::open_tree(
            root.get(), "", whole | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC));
        CHILD_REQUIRE(report, copy.valid());
        mount_attr change = {};
        change.attr_set = MOUNT_ATTR_RDONLY;
        CHILD_EXPECT(report, ::mount_setattr(copy.get(), "", whole, &change,
                                             sizeof(change)) == 0);
      }));
}

struct Forbidden {
  const char* name;
  SyscallPlan plan;
  void (*call)();
};

std::ostream& operator<<(std::ostream& out, const Forbidden& forbidden) {
  return out << forbidden.name;
}

const SyscallPlan kNone;
const SyscallPlan kAll = {
    .connect = true, .bind = true, .credentials = true, .donate_mounts = true};

const Forbidden kForbidden[] = {
    {"Execve", kAll,
     [] {
       char* const none[] = {nullptr};
       ::execve("/bin/true", none, none);
     }},
    {"Ptrace", kAll, [] { ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr); }},
    {"Fork", kAll, [] { ::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); }},
    {"NewUserNamespace", kAll,
     [] { ::syscall(SYS_clone, SIGCHLD | CLONE_NEWUSER, 0, 0, 0, 0); }},
    {"ThreadInNewUserNamespace", kAll, [] { ::unshare(CLONE_NEWUSER); }},
    {"NewMountNamespace", kAll, [] { ::unshare(CLONE_NEWNS); }},
    {"SetNs", kAll, [] { ::setns(0, 0); }},
    {"InternetSocket", kAll, [] { ::socket(AF_INET, SOCK_STREAM, 0); }},
    {"NetlinkSocket", kAll, [] { ::socket(AF_NETLINK, SOCK_RAW, 0); }},
    {"UnixSocketUnplanned", kNone, [] { ::socket(AF_UNIX, SOCK_STREAM, 0); }},
    {"RawUnixSocket", kAll, [] { ::socket(AF_UNIX, SOCK_RAW, 0); }},
    {"ConnectUnplanned", {.bind = true}, [] { ::connect(-1, nullptr, 0); }},
    {"BindUnplanned", {.connect = true}, [] { ::bind(-1, nullptr, 0); }},
    {"ReceiveMessage", kAll, [] { ::recvmsg(-1, nullptr, 0); }},
    {"ExecutableMapping", kAll,
     [] {
       ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
              -1, 0);
     }},
    {"ExecutableSharedMapping", kAll,
     [] { ::mmap(nullptr, 4096, PROT_EXEC, MAP_SHARED, 0, 0); }},
    {"PrivateFileMapping", kAll,
     [] { ::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE, 0, 0); }},
    {"MakeExecutable", kAll, [] { ::mprotect(nullptr, 0, PROT_EXEC); }},
    {"Mount", kAll, [] { ::mount("", "/", "", 0, nullptr); }},
    {"Umount", kAll, [] { ::umount2("/", 0); }},
    {"Chroot", kAll, [] { (void)!::chroot("/"); }},
    {"MoveMount", kAll, [] { ::move_mount(-1, "", -1, "", 0); }},
    {"OpenTreeUnplanned", kNone, [] { ::open_tree(-1, "", 0); }},
    {"OpenTreeWithoutCopy", kAll, [] { ::open_tree(-1, "", AT_EMPTY_PATH); }},
    {"KillParent", kAll, [] { ::kill(::getppid(), 0); }},
    {"KillAnotherProcess", kAll,
     [] { ::syscall(SYS_tgkill, ::getpid() + 1, ::getpid() + 1, 0); }},
    {"RealUserId", kAll, [] { ::syscall(SYS_setresuid, 0, 0, 0); }},
    {"IdsUnplanned", kNone, [] { ::syscall(SYS_setresuid, -1, 0, -1); }},
    {"PunchHole", kAll, [] { ::fallocate(-1, FALLOC_FL_KEEP_SIZE, 0, 1); }},
    {"DeviceNode", kAll,
     [] { ::mknodat(-1, "x", S_IFCHR | 0600, makedev(1, 3)); }},
    {"BlockDevice", kAll, [] { ::mknodat(-1, "x", S_IFBLK, 0); }},
    {"TerminalInput", kAll, [] { ::ioctl(0, TIOCSTI, ""); }},
    {"FileLock", kAll, [] { ::fcntl(0, F_SETLK, nullptr); }},
    {"SignalOwner", kAll, [] { ::fcntl(0, F_SETOWN, 1); }},
    {"PriorityFutex", kAll,
     [] { ::syscall(SYS_futex, nullptr, 6, 0, nullptr, nullptr, 0); }},
    {"WaitForManyFutexes", kAll,
     [] { ::syscall(SYS_futex_waitv, nullptr, 3, 0, nullptr, 0); }},
    {"Prctl", kAll, [] { ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); }},
    {"LinkOfADescriptor", kAll,
     [] { ::linkat(-1, "", -1, "x", AT_EMPTY_PATH); }},
    {"Filter", kAll, [] { ::syscall(SYS_seccomp, 1, 0, nullptr); }},
    {"UnknownNumber", kAll, [] { ::syscall(9999); }},
};

class ForbiddenSyscallTest : public SyscallFilterTest,
                             public testing::WithParamInterface<Forbidden> {};

TEST_P(ForbiddenSyscallTest, Kills) {
  const ChildEnd end = RunFiltered(
      GetParam().plan, [](const ChildReport&) { GetParam().call(); });
  EXPECT_EQ(end.report, "");
  EXPECT_EQ(end.signal, SIGSYS);
}

INSTANTIATE_TEST_SUITE_P(All, ForbiddenSyscallTest,
                         testing::ValuesIn(kForbidden), [](const auto& tested) {
                           return std::string(tested.param.name);
                         });

}  // namespace
}  // namespace gofer::sandbox
