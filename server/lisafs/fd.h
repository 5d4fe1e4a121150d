// Fd: what an FDID names. Base of ControlFd, OpenFd and BoundSocketFd.

#ifndef GOFER_SERVER_LISAFS_FD_H_
#define GOFER_SERVER_LISAFS_FD_H_

#include <cstdint>
#include <utility>

#include "server/base/ref_ptr.h"
#include "server/lisafs/quota.h"
#include "server/wire/types.h"

namespace gofer::lisafs {

class Connection;

// Reference model: the connection's FD table holds one reference, which is the
// client's; a running handler holds one on each FD that it looked up. An FD
// belongs to one connection and never outlives it.
class Fd : public base::RefCounted {
 public:
  enum class Kind : uint8_t { kControl, kOpen, kBoundSocket };

  Kind kind() const { return kind_; }
  // Set once, when the FD enters the table; kInvalid before.
  wire::FdId id() const { return id_; }
  Connection& connection() const { return connection_; }

 protected:
  // `slot` comes from Connection::TakeFdSlot and is not empty.
  Fd(Kind kind, Connection& connection, QuotaSlot slot)
      : kind_(kind), connection_(connection), slot_(std::move(slot)) {}

 private:
  friend class FdTable;

  const Kind kind_;
  wire::FdId id_ = wire::FdId::kInvalid;
  Connection& connection_;
  const QuotaSlot slot_;
};

}  // namespace gofer::lisafs

#endif  // GOFER_SERVER_LISAFS_FD_H_
