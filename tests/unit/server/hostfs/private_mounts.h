// RunWithPrivateMounts: lets a test mount something without being root.

#ifndef GOFER_TESTS_UNIT_SERVER_HOSTFS_PRIVATE_MOUNTS_H_
#define GOFER_TESTS_UNIT_SERVER_HOSTFS_PRIVATE_MOUNTS_H_

#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <functional>

namespace gofer::hostfs {

// What `body` may return, and what the run came to.
enum class ChildResult { kPassed = 0, kFailed = 1, kNoNamespaces = 77 };

// Runs `body` in a child process with a mount namespace of its own.
// kNoNamespaces where that is not allowed: the test should be skipped.
inline ChildResult RunWithPrivateMounts(
    const std::function<ChildResult()>& body) {
  const pid_t child = ::fork();
  if (child == 0) {
    const uid_t uid = ::geteuid();
    const gid_t gid = ::getegid();
    if (::unshare(CLONE_NEWNS | (uid == 0 ? 0 : CLONE_NEWUSER)) != 0) {
      ::_exit(static_cast<int>(ChildResult::kNoNamespaces));
    }
    if (uid != 0) {
      std::ofstream("/proc/self/setgroups") << "deny";
      std::ofstream("/proc/self/uid_map") << "0 " << uid << " 1";
      std::ofstream("/proc/self/gid_map") << "0 " << gid << " 1";
    }
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
      ::_exit(static_cast<int>(ChildResult::kNoNamespaces));
    }
    ::_exit(static_cast<int>(body()));
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child ||
      !WIFEXITED(status)) {
    return ChildResult::kFailed;
  }
  return static_cast<ChildResult>(WEXITSTATUS(status));
}

}  // namespace gofer::hostfs

#endif  // GOFER_TESTS_UNIT_SERVER_HOSTFS_PRIVATE_MOUNTS_H_
