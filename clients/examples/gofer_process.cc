#include "clients/examples/gofer_process.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "server/base/syscall.h"

namespace gofer::examples {
namespace {

// The socket's number in the gofer.
constexpr int kIoFd = 3;

}  // namespace

base::ErrnoOr<GoferProcess> GoferProcess::Start(const std::string& gofer,
                                                const std::string& root,
                                                base::UniqueFd socket) {
  std::string program = gofer;
  std::string command = "serve";
  std::string root_flag = "--root=" + root;
  std::string fds_flag = "--io-fds=" + std::to_string(kIoFd);
  const std::array<char*, 5> arguments = {program.data(), command.data(),
                                          root_flag.data(), fds_flag.data(),
                                          nullptr};
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  // Our own descriptors are close-on-exec; this one is not.
  ::posix_spawn_file_actions_adddup2(&actions, socket.get(), kIoFd);
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, gofer.c_str(), &actions, nullptr,
                                  arguments.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return base::Errno(error);
  return GoferProcess(pid);
}

int GoferProcess::Wait() const {
  int status = 0;
  base::RetryOnEintr([&] { return ::waitpid(pid_, &status, 0); });
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace gofer::examples
