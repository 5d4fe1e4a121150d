#include "server/worker/host_mount_opener.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/base/syscall.h"
#include "server/runsc/open_mount_call.h"

namespace gofer::worker {
namespace {

// An answer is a few words, and an error text of runsc's.
constexpr size_t kMostAnswerBytes = size_t{64} << 10;
// As many descriptors as we take note of; an answer has one.
constexpr size_t kMostAnswerFds = 4;

// One piece of the answer, with its descriptors.
struct Piece {
  size_t size = 0;
  std::vector<base::UniqueFd> fds;
};

base::ErrnoOr<Piece> ReceivePiece(int socket, std::span<char> buffer) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kMostAnswerFds)>
      control;
  iovec part = {.iov_base = buffer.data(), .iov_len = buffer.size()};
  msghdr message = {};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const auto got = base::Syscall(
      [&] { return ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC); });
  if (!got.ok()) return got.error();
  Piece piece{.size = static_cast<size_t>(*got), .fds = {}};
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
      continue;
    }
    const size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(fd));
      piece.fds.emplace_back(fd);
    }
  }
  return piece;
}

}  // namespace

base::ErrnoOr<base::UniqueFd> HostMountOpener::Open(const oci::OciMount& mount,
                                                    bool readonly) {
  last_error_.clear();
  if (!valid()) return base::Errno(EPIPE);
  // runsc makes the socket for its own poller. Nobody else has our end.
  const int flags = ::fcntl(socket_.get(), F_GETFL);
  if (flags < 0 || ::fcntl(socket_.get(), F_SETFL, flags & ~O_NONBLOCK) != 0) {
    return base::Errno::Last();
  }
  const auto sent = Send(runsc::OpenMountRequest(mount, readonly));
  if (!sent.ok()) return sent.error();
  return ReceiveAnswer();
}

base::ErrnoOr<void> HostMountOpener::Send(const std::string& request) const {
  size_t sent = 0;
  while (sent < request.size()) {
    const auto wrote = base::Syscall([&] {
      return ::send(socket_.get(), request.data() + sent, request.size() - sent,
                    MSG_NOSIGNAL);
    });
    if (!wrote.ok()) return wrote.error();
    sent += static_cast<size_t>(*wrote);
  }
  return {};
}

base::ErrnoOr<base::UniqueFd> HostMountOpener::ReceiveAnswer() {
  std::string text;
  base::UniqueFd file;
  std::array<char, 4096> buffer;
  for (;;) {
    auto piece = ReceivePiece(socket_.get(), buffer);
    if (!piece.ok()) return piece.error();
    if (piece->size == 0) return base::Errno(EPIPE);
    if (!piece->fds.empty()) file = std::move(piece->fds.front());
    text.append(buffer.data(), piece->size);
    if (text.size() > kMostAnswerBytes) return base::Errno(EPROTO);
    const auto answer = runsc::ReadOpenMountAnswer(text);
    if (!answer) continue;
    if (const auto* error = std::get_if<runsc::OpenMountError>(&*answer)) {
      last_error_ = error->text;
      return base::Errno(EREMOTEIO);
    }
    if (!file.valid()) return base::Errno(EPROTO);
    return file;
  }
}

}  // namespace gofer::worker
