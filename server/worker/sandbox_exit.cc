#include "server/worker/sandbox_exit.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "server/base/syscall.h"
#include "server/base/unique_fd.h"

namespace gofer::worker {
namespace {

bool IsReadable(int fd, int millis) {
  pollfd entry = {.fd = fd, .events = POLLIN, .revents = 0};
  return base::RetryOnEintr([&] { return ::poll(&entry, 1, millis); }) > 0;
}

// The descriptor that lies in the socket, or an invalid one.
base::UniqueFd ReceiveFd(int socket) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control;
  char byte;
  iovec part = {.iov_base = &byte, .iov_len = sizeof(byte)};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const auto got = base::Syscall([&] {
    return ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  });
  if (!got.ok()) return base::UniqueFd();
  const cmsghdr* const header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_level != SOL_SOCKET ||
      header->cmsg_type != SCM_RIGHTS) {
    return base::UniqueFd();
  }
  int fd;
  std::memcpy(&fd, CMSG_DATA(header), sizeof(fd));
  return base::UniqueFd(fd);
}

}  // namespace

void AwaitSandboxExit(int socket, int millis) {
  if (!IsReadable(socket, millis)) return;
  const base::UniqueFd process = ReceiveFd(socket);
  if (process.valid()) (void)IsReadable(process.get(), millis);
}

}  // namespace gofer::worker
