#include "server/wire/messages/sync.h"

#include <optional>
#include <set>

#include "server/lisafs/handlers/handlers.h"
#include "server/lisafs/handlers/operation.h"

namespace gofer::lisafs::handlers {
namespace {

base::ErrnoOr<void> SyncOne(RequestContext& context, wire::FdId id) {
  const auto fd = context.fds().LookupOpen(id);
  if (!fd.ok()) return fd.error();
  // No lock: a rename must not wait for a disk.
  return (*fd)->Sync();
}

struct FlushOperation : OnOpenFd {
  using Request = wire::FlushReq;
  using Guarantee = ReadGuarantee;
  static wire::FdId Target(const Request& request) { return request.fd; }
  static base::ErrnoOr<size_t> Run(RequestContext&, const Request&, OpenFd& fd,
                                   const ReadGuarantee& guarantee) {
    if (auto flushed = fd.Flush(guarantee); !flushed.ok()) {
      return flushed.error();
    }
    return kEmptyReply;
  }
};

}  // namespace

base::ErrnoOr<size_t> FSync(RequestContext& context) {
  const auto request = context.Parse<wire::FSyncReq>();
  if (!request.ok()) return request.error();
  // Every FD is tried; the first failure is reported.
  std::optional<base::Errno> first_error;
  std::set<wire::FdId> synced_fds;
  for (const wire::FdId id : request->fds) {
    // The same file 65535 times would keep the disk busy for nothing.
    if (!synced_fds.insert(id).second) continue;
    // One request may name 65535 files; teardown waits for it.
    if (context.connection().MayGiveUp(context.communicator().kind())) {
      return base::Errno(ECONNRESET);
    }
    const auto synced = SyncOne(context, id);
    if (!synced.ok() && !first_error) first_error = synced.error();
  }
  if (first_error) return *first_error;
  return kEmptyReply;
}

base::ErrnoOr<size_t> Flush(RequestContext& context) {
  return Serve<FlushOperation>(context);
}

}  // namespace gofer::lisafs::handlers
