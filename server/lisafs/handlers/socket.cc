#include "server/wire/messages/socket.h"

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

struct AcceptOperation : OnBoundSocketFd {
  using Request = wire::AcceptReq;
  using Guarantee = ReadGuarantee;
  static wire::FdId Target(const Request& request) { return request.fd; }
  static base::ErrnoOr<size_t> Run(RequestContext& context, const Request&,
                                   BoundSocketFd& fd,
                                   const ReadGuarantee& guarantee) {
    base::ErrnoOr<AcceptResult> accepted = fd.Accept(guarantee);
    if (!accepted.ok()) return accepted.error();
    context.Donate(std::move(accepted->socket));
    return context.Reply(wire::AcceptResp{accepted->peer_address});
  }
};

}  // namespace

base::ErrnoOr<size_t> Connect(RequestContext& context) {
  return Serve<ConnectOperation<wire::ConnectReq>>(context);
}

base::ErrnoOr<size_t> ConnectWithCreds(RequestContext& context) {
  return Serve<ConnectOperation<wire::ConnectWithCredsReq>>(context);
}

base::ErrnoOr<size_t> BindAt(RequestContext& context) {
  return Serve<BindAtOperation>(context);
}

base::ErrnoOr<size_t> Listen(RequestContext& context) {
  return Serve<ListenOperation>(context);
}

base::ErrnoOr<size_t> Accept(RequestContext& context) {
  return Serve<AcceptOperation>(context);
}

}  // namespace gofer::lisafs::handlers
