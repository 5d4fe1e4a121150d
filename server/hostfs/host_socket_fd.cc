#include "server/hostfs/host_socket_fd.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <utility>

#include "server/base/brief_closes.h"
#include "server/base/syscall.h"

namespace gofer::hostfs {

HostSocketFd::HostSocketFd(base::RefPtr<lisafs::ControlFd> control,
                           lisafs::QuotaSlot slot, base::UniqueFd socket)
    : BoundSocketFd(std::move(control), std::move(slot)),
      socket_(std::move(socket)) {}

HostSocketFd::~HostSocketFd() {
  // Peers that nobody has accepted may have sent descriptors whose close
  // lingers.
  const base::BriefCloses brief;
  socket_.reset();
}

base::ErrnoOr<void> HostSocketFd::Listen(const lisafs::ReadGuarantee&,
                                         int32_t backlog) {
  return base::SyscallVoid([&] { return ::listen(socket_.get(), backlog); });
}

base::ErrnoOr<lisafs::AcceptResult> HostSocketFd::Accept() {
  // Enough unless the client undoes it at this very moment.
  (void)::fcntl(socket_.get(), F_SETFL, O_RDWR | O_NONBLOCK);
  auto accepted = base::SyscallFd([this] {
    return ::accept4(socket_.get(), nullptr, nullptr,
                     SOCK_NONBLOCK | SOCK_CLOEXEC);
  });
  if (!accepted.ok()) return accepted.error();
  lisafs::AcceptResult result;
  result.socket = *std::move(accepted);
  return result;
}

void HostSocketFd::Interrupt() { ::shutdown(socket_.get(), SHUT_RDWR); }

}  // namespace gofer::hostfs
