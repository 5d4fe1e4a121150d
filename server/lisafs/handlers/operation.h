// Serve<Operation>: the steps that nearly all handlers share, with an operation
// filling in its decisions.

#ifndef GOFER_SERVER_LISAFS_HANDLERS_OPERATION_H_
#define GOFER_SERVER_LISAFS_HANDLERS_OPERATION_H_

#include <cstddef>
#include <type_traits>
#include <utility>

#include "absl/strings/string_view.h"
#include "server/base/errno.h"
#include "server/base/ref_ptr.h"
#include "server/base/safe_name.h"
#include "server/lisafs/fd_table.h"
#include "server/lisafs/guarantees.h"
#include "server/lisafs/request_context.h"
#include "server/wire/types.h"

namespace gofer::lisafs::handlers {

// An operation is a struct derived from one of the defaults below, with
//   Request                     a wire message
//   Guarantee                   ReadGuarantee or WriteGuarantee; none where
//                               the backend's method takes none
//   static FdId Target(const Request&)
//   static ErrnoOr<Response or size_t> Run(context, request, fd, guarantee), or
//   without the last
// and, where the default does not fit,
//   static ErrnoOr<void> Check(context, request)   before the FD is looked up
//   static ErrnoOr<void> Admit(fd, request)        before the lock is taken
//   static bool WorksOnDeleted(context)
// Run's result is a message to reply with, or, if it has replied itself, the
// length of the payload.

// On a control FD; not on deleted files.
struct OnControlFd {
  using TargetFd = ControlFd;

  template <class Request>
  static base::ErrnoOr<void> Check(RequestContext&, const Request&) {
    return {};
  }
  template <class Request>
  static base::ErrnoOr<void> Admit(ControlFd&, const Request&) {
    return {};
  }
  static bool WorksOnDeleted(const RequestContext&) { return false; }
};

// On an open FD; its I/O works on deleted files.
struct OnOpenFd {
  using TargetFd = OpenFd;

  template <class Request>
  static base::ErrnoOr<void> Check(RequestContext&, const Request&) {
    return {};
  }
  template <class Request>
  static base::ErrnoOr<void> Admit(OpenFd&, const Request&) {
    return {};
  }
  static bool WorksOnDeleted(const RequestContext&) { return true; }
};

// On a bound socket FD.
struct OnBoundSocketFd {
  using TargetFd = BoundSocketFd;

  template <class Request>
  static base::ErrnoOr<void> Check(RequestContext&, const Request&) {
    return {};
  }
  template <class Request>
  static base::ErrnoOr<void> Admit(BoundSocketFd&, const Request&) {
    return {};
  }
  static bool WorksOnDeleted(const RequestContext&) { return false; }
};

// Changes the entry `name` of a directory.
struct OnEntryOfDirectory : OnControlFd {
  using Guarantee = WriteGuarantee;

  template <class Request>
  static base::ErrnoOr<void> Check(RequestContext&, const Request& request) {
    if (!base::IsSafeName(request.name)) return base::Errno(EINVAL);
    return {};
  }
  template <class Request>
  static base::ErrnoOr<void> Admit(ControlFd& fd, const Request&) {
    if (!fd.is_directory()) return base::Errno(ENOTDIR);
    return {};
  }
};

template <class Target>
base::ErrnoOr<base::RefPtr<Target>> LookupTarget(const FdTable& fds,
                                                 wire::FdId id) {
  if constexpr (std::is_same_v<Target, ControlFd>) {
    return fds.LookupControl(id);
  } else if constexpr (std::is_same_v<Target, OpenFd>) {
    return fds.LookupOpen(id);
  } else {
    return fds.LookupBoundSocket(id);
  }
}

template <class Op>
concept NeedsNoGuarantee = requires(RequestContext& context,
                                    const typename Op::Request& request,
                                    typename Op::TargetFd& fd) {
  Op::Run(context, request, fd);
};

template <NeedsNoGuarantee Op>
auto RunGuarded(RequestContext& context, const typename Op::Request& request,
                typename Op::TargetFd& fd)
    -> decltype(Op::Run(context, request, fd)) {
  if (fd.node().deleted() && !Op::WorksOnDeleted(context)) {
    return base::Errno(EINVAL);
  }
  return Op::Run(context, request, fd);
}

// Calls Op::Run under its guarantee. The FD reference is dropped by the caller,
// when no lock is held any more.
template <class Op>
auto RunGuarded(RequestContext& context, const typename Op::Request& request,
                typename Op::TargetFd& fd)
    -> decltype(Op::Run(context, request, fd,
                        std::declval<const typename Op::Guarantee&>())) {
  TreeLock tree(context.server().rename_mutex());
  const typename Op::Guarantee guarantee(tree, fd.node());
  if (fd.node().deleted() && !Op::WorksOnDeleted(context)) {
    return base::Errno(EINVAL);
  }
  return Op::Run(context, request, fd, guarantee);
}

template <class Op>
base::ErrnoOr<size_t> Serve(RequestContext& context) {
  auto request = context.Parse<typename Op::Request>();
  if (!request.ok()) return request.error();
  if (auto checked = Op::Check(context, *request); !checked.ok()) {
    return checked.error();
  }
  auto fd =
      LookupTarget<typename Op::TargetFd>(context.fds(), Op::Target(*request));
  if (!fd.ok()) return fd.error();
  if (auto admitted = Op::Admit(**fd, *request); !admitted.ok()) {
    return admitted.error();
  }
  auto result = RunGuarded<Op>(context, *request, **fd);
  if (!result.ok()) return result.error();
  if constexpr (std::is_same_v<decltype(result), base::ErrnoOr<size_t>>) {
    return *result;
  } else {
    return context.Reply(*result);
  }
}

// An answer without payload.
inline constexpr size_t kEmptyReply = 0;

}  // namespace gofer::lisafs::handlers

#endif  // GOFER_SERVER_LISAFS_HANDLERS_OPERATION_H_
