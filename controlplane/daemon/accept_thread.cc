#include "controlplane/daemon/accept_thread.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/log.h"
#include "server/uds/peer_credentials.h"

namespace goferd::daemon {
namespace {

// How long to rest when the process has no descriptors left: the listener
// stays readable.
constexpr int kRestMs = 100;

bool IsExhausted(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS ||
         error == ENOMEM;
}

}  // namespace

absl::StatusOr<std::unique_ptr<AcceptThread>> AcceptThread::Start(
    std::vector<UdsListener> listeners, PeerAcceptors& acceptors,
    std::vector<PassedPort> ports) {
  std::unique_ptr<AcceptThread> made(
      new AcceptThread(std::move(listeners), acceptors, std::move(ports)));
  made->stop_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!made->stop_) {
    return absl::InternalError(absl::StrCat("eventfd: ", std::strerror(errno)));
  }
  auto thread = gofer::base::Thread::Start(
      "goferd-accept", [self = made.get()] { self->Run(); });
  if (!thread.ok()) {
    return absl::InternalError(absl::StrCat(
        "starting a thread: ", std::strerror(thread.error().number())));
  }
  made->thread_ = *std::move(thread);
  return made;
}

AcceptThread::~AcceptThread() {
  if (!thread_.joinable()) return;
  ::eventfd_write(stop_.get(), 1);
  thread_.Join();
}

void AcceptThread::Run() {
  std::vector<pollfd> polled = {{stop_.get(), POLLIN, 0}};
  for (const UdsListener& listener : listeners_) {
    polled.push_back({listener.fd(), POLLIN, 0});
  }
  for (const PassedPort& port : ports_) {
    polled.push_back({port.socket.get(), POLLIN, 0});
  }
  for (;;) {
    if (::poll(polled.data(), polled.size(), -1) < 0) continue;
    if (polled[0].revents != 0) return;
    bool has_room = true;
    for (size_t i = 1; i < polled.size(); ++i) {
      if (polled[i].revents == 0) continue;
      const size_t at = i - 1;
      has_room &= at < listeners_.size()
                      ? AcceptPeer(listeners_[at])
                      : AcceptAt(ports_[at - listeners_.size()]);
    }
    if (!has_room) ::poll(polled.data(), 1, kRestMs);
  }
}

bool AcceptThread::AcceptPeer(const UdsListener& listener) {
  gofer::base::UniqueFd socket(
      ::accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket) return !IsExhausted(errno);
  const auto peer = gofer::uds::GetPeerCredentials(socket.get());
  if (!peer.ok()) return true;
  acceptors_.HandOver(std::move(socket), *peer);
  return true;
}

bool AcceptThread::AcceptAt(const PassedPort& port) {
  gofer::base::UniqueFd socket(::accept4(port.socket.get(), nullptr, nullptr,
                                         SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket) return !IsExhausted(errno);
  // gRPC sets the same option on sockets that it accepts.
  const int on = 1;
  (void)::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters
      parameters;
  parameters.listener_fd = port.socket.get();
  parameters.fd = socket.release();
  port.acceptor->HandleNewConnection(&parameters);
  return true;
}

}  // namespace goferd::daemon
