#include "server/wire/messages/socket.h"

#include <poll.h>
#include <sys/stat.h>

#include <utility>

#include "server/lisafs/handlers/handlers.h"
#include "server/lisafs/handlers/operation.h"

namespace gofer::lisafs::handlers {
namespace {

template <class RequestType>
struct ConnectOperation : OnControlFd {
  using Request = RequestType;
  using Guarantee = ReadGuarantee;
  static wire::FdId Target(const Request& request) { return request.fd; }
  static base::ErrnoOr<void> Admit(ControlFd& fd, const Request&) {
    if (!fd.is_socket()) return base::Errno(ENOTSOCK);
    return {};
  }
  static base::ErrnoOr<size_t> Run(RequestContext& context,
                                   const Request& request, ControlFd& fd,
                                   const ReadGuarantee& guarantee) {
    Owner peer;
    if constexpr (std::is_same_v<Request, wire::ConnectWithCredsReq>) {
      peer = Owner{request.uid, request.gid};
    }
    base::ErrnoOr<base::UniqueFd> socket =
        fd.Connect(guarantee, request.sock_type, peer);
    if (!socket.ok()) return socket.error();
    context.Donate(std::move(*socket));
    return kEmptyReply;
  }
};

struct BindAtOperation : OnEntryOfDirectory {
  using Request = wire::BindAtReq;
  static wire::FdId Target(const Request& request) {
    return request.common.dir_fd;
  }
  static base::ErrnoOr<wire::BindAtResp> Run(RequestContext& context,
                                             const Request& request,
                                             ControlFd& fd,
                                             const WriteGuarantee& guarantee) {
    const wire::CreateCommon& common = request.common;
    base::ErrnoOr<BindResult> made =
        fd.BindAt(guarantee, request.name, request.sock_type,
                  common.mode & uint32_t{07777}, Owner{common.uid, common.gid});
    if (!made.ok()) return made.error();
    context.Donate(std::move(made->donated));
    // The control FD's id comes first.
    const wire::Inode child = context.Publish(std::move(made->child));
    return wire::BindAtResp{child,
                            context.fds().Insert(std::move(made->bound))};
  }
};

struct ListenOperation : OnBoundSocketFd {
  using Request = wire::ListenReq;
  using Guarantee = ReadGuarantee;
  static wire::FdId Target(const Request& request) { return request.fd; }
  static base::ErrnoOr<size_t> Run(RequestContext&, const Request& request,
                                   BoundSocketFd& fd,
                                   const ReadGuarantee& guarantee) {
    const auto listening = fd.Listen(guarantee, request.backlog);
    if (!listening.ok()) return listening.error();
    return kEmptyReply;
  }
};

// How often and how long a full queue of a host's server is waited for.
constexpr int kConnectAttempts = 10;
constexpr int kConnectPauseMillis = 10;

// Waits with no lock held: each attempt takes the guarantee, and looks whether
// the file was deleted, anew.
template <class Request>
base::ErrnoOr<size_t> ServeConnect(RequestContext& context) {
  using Operation = ConnectOperation<Request>;
  const auto request = context.Parse<Request>();
  if (!request.ok()) return request.error();
  const auto fd = context.fds().LookupControl(request->fd);
  if (!fd.ok()) return fd.error();
  const auto admitted = Operation::Admit(**fd, *request);
  if (!admitted.ok()) return admitted.error();
  for (int attempt = 0;; ++attempt) {
    auto connected = RunGuarded<Operation>(context, *request, **fd);
    if (connected.ok() || connected.error() != base::Errno(EAGAIN) ||
        attempt == kConnectAttempts ||
        context.connection().state() == ConnectionState::kClosing) {
      return connected;
    }
    (void)::poll(nullptr, 0, kConnectPauseMillis);
  }
}

}  // namespace

base::ErrnoOr<size_t> Connect(RequestContext& context) {
  return ServeConnect<wire::ConnectReq>(context);
}

base::ErrnoOr<size_t> ConnectWithCreds(RequestContext& context) {
  return ServeConnect<wire::ConnectWithCredsReq>(context);
}

base::ErrnoOr<size_t> BindAt(RequestContext& context) {
  return Serve<BindAtOperation>(context);
}

base::ErrnoOr<size_t> Listen(RequestContext& context) {
  return Serve<ListenOperation>(context);
}

base::ErrnoOr<size_t> Accept(RequestContext& context) {
  const auto request = context.Parse<wire::AcceptReq>();
  if (!request.ok()) return request.error();
  const auto fd = context.fds().LookupBoundSocket(request->fd);
  if (!fd.ok()) return fd.error();
  {
    TreeLock tree(context.server().rename_mutex());
    const ReadGuarantee guarantee(tree, (*fd)->node());
    if ((*fd)->node().deleted()) return base::Errno(EINVAL);
  }
  // No guarantee: the client shares the socket and may make this block.
  base::ErrnoOr<AcceptResult> accepted =
      context.connection().Accept(**fd, context.communicator().kind());
  if (!accepted.ok()) return accepted.error();
  context.Donate(std::move(accepted->socket));
  return context.Reply(wire::AcceptResp{accepted->peer_address});
}

}  // namespace gofer::lisafs::handlers
