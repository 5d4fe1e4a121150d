#include "server/lisafs/fd_table.h"

#include <utility>

namespace gofer::lisafs {
namespace {

size_t& CountOf(FdCounts& counts, Fd::Kind kind) {
  switch (kind) {
    case Fd::Kind::kControl:
      return counts.control;
    case Fd::Kind::kOpen:
      return counts.open;
    case Fd::Kind::kBoundSocket:
      return counts.bound_socket;
  }
  return counts.control;
}

}  // namespace

wire::FdId FdTable::Insert(base::RefPtr<Fd> fd) {
  base::WriterLock lock(mu_);
  const auto id = static_cast<wire::FdId>(next_id_++);
  fd->id_ = id;
  size_t& count = CountOf(counts_, fd->kind());
  fds_[id] = std::move(fd);
  ++count;
  return id;
}

base::ErrnoOr<base::RefPtr<Fd>> FdTable::LookupAny(wire::FdId id) const {
  base::ReaderLock lock(mu_);
  const auto found = fds_.find(id);
  if (found == fds_.end()) return base::Errno(EBADF);
  return found->second;
}

base::RefPtr<Fd> FdTable::Remove(wire::FdId id) {
  base::WriterLock lock(mu_);
  const auto found = fds_.find(id);
  if (found == fds_.end()) return nullptr;
  base::RefPtr<Fd> fd = std::move(found->second);
  fds_.erase(found);
  --CountOf(counts_, fd->kind());
  return fd;
}

FdTable::Map FdTable::Clear() {
  Map all;
  base::WriterLock lock(mu_);
  all.swap(fds_);
  counts_ = {};
  return all;
}

FdCounts FdTable::Counts() const {
  base::ReaderLock lock(mu_);
  return counts_;
}

}  // namespace gofer::lisafs
