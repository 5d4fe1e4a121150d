#include "server/wire/messages/walk.h"

#include <optional>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "server/lisafs/handlers/handlers.h"
#include "server/lisafs/handlers/operation.h"
#include "server/wire/array_writer.h"

namespace gofer::lisafs::handlers {
namespace {

// One step down from `from`, under the guarantee that it needs. ENOENT also
// stands for a directory that was deleted.
base::ErrnoOr<ControlFdAndStat> Step(const TreeLock& tree, ControlFd& from,
                                     absl::string_view name) {
  const ReadGuarantee guarantee(tree, from.node());
  if (from.node().deleted()) return base::Errno(ENOENT);
  return from.Walk(guarantee, name);
}

// FDs that were given an FDID and do not belong to the client yet: unless kept,
// they are taken away from it again. The record is our own, because the
// response that also lists them may be in the client's reach.
class UnsentFds {
 public:
  explicit UnsentFds(FdTable& fds) : fds_(fds) {}
  ~UnsentFds() {
    for (const wire::FdId id : ids_) fds_.Remove(id);
  }
  UnsentFds(const UnsentFds&) = delete;
  UnsentFds& operator=(const UnsentFds&) = delete;

  void Add(wire::FdId id) { ids_.push_back(id); }
  void Keep() { ids_.clear(); }

 private:
  FdTable& fds_;
  absl::InlinedVector<wire::FdId, 16> ids_;
};

constexpr size_t kStatusSize = sizeof(wire::WalkStatus);
constexpr size_t kCountSize = sizeof(uint16_t);

base::ErrnoOr<wire::WalkStatus> WalkFrom(
    RequestContext& context, const base::RefPtr<ControlFd>& start,
    const wire::StringArray& path, wire::ArrayWriter<wire::Inode>& inodes) {
  UnsentFds unsent(context.fds());
  wire::WalkStatus status = wire::WalkStatus::kSuccess;
  base::RefPtr<ControlFd> current = start;
  TreeLock tree(context.server().rename_mutex());
  for (const absl::string_view name : path) {
    if (!base::IsSafeName(name)) return base::Errno(EINVAL);
    if (current->is_symlink()) {
      status = wire::WalkStatus::kComponentSymlink;
      break;
    }
    base::ErrnoOr<ControlFdAndStat> next = Step(tree, *current, name);
    if (!next.ok()) {
      if (next.error() != base::Errno(ENOENT)) return next.error();
      status = wire::WalkStatus::kComponentDoesNotExist;
      break;
    }
    current = next->fd;
    const wire::Inode inode = context.Publish(std::move(*next));
    unsent.Add(inode.control_fd);
    if (!inodes.Append(inode)) return base::Errno(EIO);
  }
  unsent.Keep();
  return status;
}

// Without WalkStat of the backend: through temporary control FDs, one directory
// locked at a time.
base::ErrnoOr<void> WalkStatStepwise(RequestContext& context,
                                     const base::RefPtr<ControlFd>& start,
                                     const wire::StringArray& path,
                                     wire::ArrayWriter<wire::Statx>& out) {
  base::RefPtr<ControlFd> current = start;
  TreeLock tree(context.server().rename_mutex());
  for (const absl::string_view name : path) {
    if (name.empty()) {  // Only the first component may be.
      const ReadGuarantee guarantee(tree, current->node());
      if (current->node().deleted()) return {};
      const auto stat = current->Stat(guarantee);
      if (!stat.ok()) return stat.error();
      if (!out.Append(*stat)) return base::Errno(EIO);
      continue;
    }
    base::ErrnoOr<ControlFdAndStat> next = Step(tree, *current, name);
    if (!next.ok()) {
      if (next.error() == base::Errno(ENOENT)) return {};
      return next.error();
    }
    if (!out.Append(next->stat)) return base::Errno(EIO);
    current = std::move(next->fd);
    if (current->is_symlink()) return {};
  }
  return {};
}

base::ErrnoOr<void> CheckWalkStatPath(const ControlFd& start,
                                      const wire::StringArray& path) {
  const bool only_self =
      path.empty() || (path.size() == 1 && (*path.begin()).empty());
  if (!start.is_directory() && !only_self) return base::Errno(ENOTDIR);
  bool first = true;
  for (const absl::string_view name : path) {
    if (!(first && name.empty()) && !base::IsSafeName(name)) {
      return base::Errno(EINVAL);
    }
    first = false;
  }
  return {};
}

}  // namespace

base::ErrnoOr<size_t> Walk(RequestContext& context) {
  const auto request = context.Parse<wire::WalkReq>();
  if (!request.ok()) return request.error();
  const auto start = context.fds().LookupControl(request->dir_fd);
  if (!start.ok()) return start.error();
  if (!(*start)->is_directory()) return base::Errno(ENOTDIR);

  const size_t longest = kStatusSize + kCountSize +
                         request->path.size() * wire::kFixedSize<wire::Inode>;
  const auto room = context.ResponseRoom(longest);
  if (!room.ok()) return room.error();
  wire::ArrayWriter<wire::Inode> inodes(*room, kStatusSize);
  const auto status = WalkFrom(context, *start, request->path, inodes);
  if (!status.ok()) return status.error();
  (*room)[0] = static_cast<std::byte>(*status);
  return inodes.Finish();
}

base::ErrnoOr<size_t> WalkStat(RequestContext& context) {
  const auto request = context.Parse<wire::WalkReq>();
  if (!request.ok()) return request.error();
  const auto start = context.fds().LookupControl(request->dir_fd);
  if (!start.ok()) return start.error();
  if (auto checked = CheckWalkStatPath(**start, request->path); !checked.ok()) {
    return checked.error();
  }

  const size_t longest =
      kCountSize + request->path.size() * wire::kFixedSize<wire::Statx>;
  const auto room = context.ResponseRoom(longest);
  if (!room.ok()) return room.error();
  wire::ArrayWriter<wire::Statx> stats(*room, 0);
  base::ErrnoOr<void> walked;
  if (context.connection().behaviour().walk_stat_supported) {
    TreeLock tree(context.server().rename_mutex());
    const ReadGuarantee guarantee(tree, (*start)->node());
    walked = (*start)->WalkStat(guarantee, request->path, stats);
  } else {
    walked = WalkStatStepwise(context, *start, request->path, stats);
  }
  if (!walked.ok()) return walked.error();
  return stats.Finish();
}

}  // namespace gofer::lisafs::handlers
