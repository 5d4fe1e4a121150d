#include "server/worker/sandbox_exit.h"

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <cstring>

#include "server/base/clock.h"
#include "server/base/syscall.h"
#include "server/base/unique_fd.h"
#include "server/worker/await_readable.h"

namespace gofer::worker {
namespace {

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
  constexpr uint64_t kNanosPerMilli = 1'000'000;
  const uint64_t end =
      base::MonotonicNanos() + static_cast<uint64_t>(millis) * kNanosPerMilli;
  if (AwaitReadable(socket, end) != Awaited::kReadable) return;
  const base::UniqueFd process = ReceiveFd(socket);
  if (process.valid()) (void)AwaitReadable(process.get(), end);
}

}  // namespace gofer::worker
