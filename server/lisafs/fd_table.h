// FdTable: a connection's FDIDs and the FDs that they name.

#ifndef GOFER_SERVER_LISAFS_FD_TABLE_H_
#define GOFER_SERVER_LISAFS_FD_TABLE_H_

#include <cstddef>
#include <cstdint>

#include "absl/container/flat_hash_map.h"
#include "server/base/errno.h"
#include "server/base/ref_ptr.h"
#include "server/base/shared_mutex.h"
#include "server/lisafs/bound_socket_fd.h"
#include "server/lisafs/control_fd.h"
#include "server/lisafs/fd.h"
#include "server/lisafs/open_fd.h"
#include "server/wire/types.h"

namespace gofer::lisafs {

// Named FDs by kind. An FD that only another FD keeps alive is not counted.
struct FdCounts {
  size_t control = 0;
  size_t open = 0;
  size_t bound_socket = 0;
};

// Thread-safe. Its lock is a leaf: no FD is ever released while it is held,
// because releasing one takes the rename lock and closes host FDs.
class FdTable {
 public:
  using Map = absl::flat_hash_map<wire::FdId, base::RefPtr<Fd>>;

  // Names `fd` by the next FDID, which is never used again, and keeps a
  // reference: the client's.
  wire::FdId Insert(base::RefPtr<Fd> fd);

  // Returns a reference on the FD named `id`. Errors: EBADF for an unknown id,
  // EINVAL for an FD of another kind.
  base::ErrnoOr<base::RefPtr<Fd>> LookupAny(wire::FdId id) const;
  base::ErrnoOr<base::RefPtr<ControlFd>> LookupControl(wire::FdId id) const {
    return Lookup<ControlFd>(id, Fd::Kind::kControl);
  }
  base::ErrnoOr<base::RefPtr<OpenFd>> LookupOpen(wire::FdId id) const {
    return Lookup<OpenFd>(id, Fd::Kind::kOpen);
  }
  base::ErrnoOr<base::RefPtr<BoundSocketFd>> LookupBoundSocket(
      wire::FdId id) const {
    return Lookup<BoundSocketFd>(id, Fd::Kind::kBoundSocket);
  }

  // Forgets `id` and returns the client's reference, null when there is none.
  base::RefPtr<Fd> Remove(wire::FdId id);
  // Forgets all FDIDs and returns the client's references.
  Map Clear();

  FdCounts Counts() const;

 private:
  template <class T>
  base::ErrnoOr<base::RefPtr<T>> Lookup(wire::FdId id, Fd::Kind kind) const {
    base::ErrnoOr<base::RefPtr<Fd>> fd = LookupAny(id);
    if (!fd.ok()) return fd.error();
    if ((*fd)->kind() != kind) return base::Errno(EINVAL);
    return base::RefPtr<T>::Adopt(static_cast<T*>(fd->release()));
  }

  mutable base::SharedMutex mu_;
  Map fds_ ABSL_GUARDED_BY(mu_);
  uint64_t next_id_ ABSL_GUARDED_BY(mu_) = 1;
  FdCounts counts_ ABSL_GUARDED_BY(mu_);
};

}  // namespace gofer::lisafs

#endif  // GOFER_SERVER_LISAFS_FD_TABLE_H_
