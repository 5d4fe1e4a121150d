#include "server/uds/fd_message.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "server/base/brief_closes.h"
#include "server/base/syscall.h"

namespace gofer::uds {
namespace {

// SO_PASSRIGHTS, which the C library does not name yet.
constexpr int kPassRights = 83;
constexpr size_t kControlBytes = CMSG_SPACE(kMaxFdsPerMessage * sizeof(int));

void AttachFds(std::span<const int> fds, std::byte* control, msghdr* message) {
  const size_t bytes = fds.size_bytes();
  std::memset(control, 0, CMSG_SPACE(bytes));
  message->msg_control = control;
  message->msg_controllen = CMSG_SPACE(bytes);
  cmsghdr* const header = CMSG_FIRSTHDR(message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(bytes);
  std::memcpy(CMSG_DATA(header), fds.data(), bytes);
}

void TakeFds(msghdr* message, std::vector<base::UniqueFd>* fds) {
  for (cmsghdr* header = CMSG_FIRSTHDR(message); header != nullptr;
       header = CMSG_NXTHDR(message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
      continue;
    }
    const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int number;
      std::memcpy(&number, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
      fds->emplace_back(number);
    }
  }
}

}  // namespace

base::ErrnoOr<size_t> SendWithFds(int socket, std::span<const std::byte> bytes,
                                  std::span<const int> fds, int flags) {
  if (fds.size() > kMaxFdsPerMessage) return base::Errno(EINVAL);
  alignas(cmsghdr) std::byte control[kControlBytes];
  iovec part = {const_cast<std::byte*>(bytes.data()), bytes.size()};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = bytes.empty() ? 0 : 1;
  if (!fds.empty()) AttachFds(fds, control, &message);
  const auto sent = base::Syscall(
      [&] { return ::sendmsg(socket, &message, flags | MSG_NOSIGNAL); });
  if (!sent.ok()) return sent.error();
  return static_cast<size_t>(*sent);
}

base::ErrnoOr<FdMessage> ReceiveWithFds(int socket, std::span<std::byte> bytes,
                                        size_t max_fds, int flags) {
  if (max_fds > kMaxFdsPerMessage) return base::Errno(EINVAL);
  alignas(cmsghdr) std::byte control[kControlBytes];
  iovec part = {bytes.data(), bytes.size()};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (max_fds > 0) {
    // Not CMSG_SPACE: its padding would let one more descriptor in.
    message.msg_control = control;
    message.msg_controllen = CMSG_LEN(max_fds * sizeof(int));
  }
  const auto received = base::Syscall(
      [&] { return ::recvmsg(socket, &message, flags | MSG_CMSG_CLOEXEC); });
  if (!received.ok()) return received.error();
  FdMessage result;
  result.byte_count = static_cast<size_t>(*received);
  TakeFds(&message, &result.fds);
  if ((message.msg_flags & MSG_CTRUNC) != 0) return base::Errno(EMSGSIZE);
  return result;
}

base::ErrnoOr<size_t> ReceiveWithoutFds(int socket, std::span<std::byte> bytes,
                                        int flags) {
  iovec part = {bytes.data(), bytes.size()};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  const auto peeked = base::Syscall(
      [&] { return ::recvmsg(socket, &message, flags | MSG_PEEK); });
  if (!peeked.ok()) return peeked.error();
  std::optional<base::BriefCloses> brief;
  if ((message.msg_flags & MSG_CTRUNC) != 0) brief.emplace();
  // No more than was seen: what follows may have descriptors.
  const auto received = base::Syscall([&] {
    return ::recv(socket, bytes.data(), static_cast<size_t>(*peeked),
                  MSG_DONTWAIT);
  });
  if (!received.ok()) return received.error();
  return static_cast<size_t>(*received);
}

bool RefuseFds(int socket) {
  // An urgent byte with descriptors would be passed over by a look.
  const int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_OOBINLINE, &on, sizeof(on));
  const int off = 0;
  if (::setsockopt(socket, SOL_SOCKET, kPassRights, &off, sizeof(off)) != 0) {
    return false;
  }
  pollfd entry = {.fd = socket, .events = POLLIN, .revents = 0};
  return base::RetryOnEintr([&] { return ::poll(&entry, 1, 0); }) == 0;
}

}  // namespace gofer::uds
