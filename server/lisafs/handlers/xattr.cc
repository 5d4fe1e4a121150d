#include "server/wire/messages/xattr.h"

#include <string>

#include "absl/strings/str_split.h"
#include "server/base/safe_name.h"
#include "server/lisafs/handlers/handlers.h"
#include "server/lisafs/handlers/operation.h"
#include "server/wire/array_writer.h"

namespace gofer::lisafs::handlers {
namespace {

struct OnNamedXattr : OnControlFd {
  template <class Request>
  static wire::FdId Target(const Request& request) {
    return request.fd;
  }
  template <class Request>
  static base::ErrnoOr<void> Check(RequestContext&, const Request& request) {
    if (!base::HasNoNul(request.name)) return base::Errno(EINVAL);
    return {};
  }
};

struct FGetXattrOperation : OnNamedXattr {
  using Request = wire::FGetXattrReq;
  using Guarantee = ReadGuarantee;
  static base::ErrnoOr<size_t> Run(RequestContext& context,
                                   const Request& request, ControlFd& fd,
                                   const ReadGuarantee& guarantee) {
    const auto value = fd.GetXattr(guarantee, request.name, request.buf_size);
    if (!value.ok()) return value.error();
    // A value of 65536 bytes, the kernel's limit, has no u16 length.
    if (value->size() > UINT16_MAX) return base::Errno(E2BIG);
    return context.Reply(wire::FGetXattrResp{*value});
  }
};

struct FSetXattrOperation : OnNamedXattr {
  using Request = wire::FSetXattrReq;
  using Guarantee = WriteGuarantee;
  static base::ErrnoOr<size_t> Run(RequestContext&, const Request& request,
                                   ControlFd& fd,
                                   const WriteGuarantee& guarantee) {
    const auto set =
        fd.SetXattr(guarantee, request.name, request.value, request.flags);
    if (!set.ok()) return set.error();
    return kEmptyReply;
  }
};

struct FListXattrOperation : OnControlFd {
  using Request = wire::FListXattrReq;
  using Guarantee = ReadGuarantee;
  static wire::FdId Target(const Request& request) { return request.fd; }
  static bool WorksOnDeleted(const RequestContext&) { return true; }
  static base::ErrnoOr<size_t> Run(RequestContext& context,
                                   const Request& request, ControlFd& fd,
                                   const ReadGuarantee& guarantee) {
    std::string names;
    // gVisor's server gives an empty list for a deleted file (quirk Q3).
    if (!fd.node().deleted()) {
      base::ErrnoOr<std::string> listed = fd.ListXattr(guarantee, request.size);
      if (!listed.ok()) return listed.error();
      names = std::move(*listed);
    }
    // Each name trades its NUL for a u16 length.
    const auto room = context.ResponseRoom(sizeof(uint16_t) + 2 * names.size());
    if (!room.ok()) return room.error();
    wire::StringArrayWriter out(*room, 0);
    for (const absl::string_view name :
         absl::StrSplit(names, '\0', absl::SkipEmpty())) {
      if (!out.Append(name)) return base::Errno(EIO);
    }
    return out.Finish();
  }
};

struct FRemoveXattrOperation : OnNamedXattr {
  using Request = wire::FRemoveXattrReq;
  using Guarantee = WriteGuarantee;
  static bool WorksOnDeleted(const RequestContext& context) {
    return context.options().level == ProtocolLevel::kNov2023;
  }
  static base::ErrnoOr<size_t> Run(RequestContext&, const Request& request,
                                   ControlFd& fd,
                                   const WriteGuarantee& guarantee) {
    const auto removed = fd.RemoveXattr(guarantee, request.name);
    if (!removed.ok()) return removed.error();
    return kEmptyReply;
  }
};

}  // namespace

base::ErrnoOr<size_t> FGetXattr(RequestContext& context) {
  return Serve<FGetXattrOperation>(context);
}

base::ErrnoOr<size_t> FSetXattr(RequestContext& context) {
  return Serve<FSetXattrOperation>(context);
}

base::ErrnoOr<size_t> FListXattr(RequestContext& context) {
  return Serve<FListXattrOperation>(context);
}

base::ErrnoOr<size_t> FRemoveXattr(RequestContext& context) {
  return Serve<FRemoveXattrOperation>(context);
}

}  // namespace gofer::lisafs::handlers
