#include "clients/lisafs/control_file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <optional>

#include "absl/strings/str_split.h"

namespace gofer::client {
namespace {

using wire::MessageId;

wire::CreateCommon CommonOf(wire::FdId dir, const NewFile& file) {
  return {.dir_fd = dir,
          .uid = file.owner.uid,
          .gid = file.owner.gid,
          .mode = file.mode};
}

// What every file needs; the client of gVisor insists on the same.
bool HasAttributes(const wire::Statx& stat) {
  if ((stat.mask & STATX_TYPE) == 0) return false;
  return !S_ISREG(stat.mode) || (stat.mask & STATX_SIZE) != 0;
}

base::UniqueFd FirstOf(std::vector<base::UniqueFd> fds) {
  return fds.empty() ? base::UniqueFd() : std::move(fds[0]);
}

template <class T>
void Put(const std::optional<T>& value, uint32_t bit, uint32_t* mask, T* out) {
  if (!value.has_value()) return;
  *mask |= bit;
  *out = *value;
}

}  // namespace

base::ErrnoOr<ControlFile> ControlFile::Adopt(std::shared_ptr<Session> session,
                                              const wire::Inode& inode) {
  if (inode.control_fd == wire::FdId::kInvalid) return base::Errno(EIO);
  FdHandle handle(std::move(session), inode.control_fd);
  if (!HasAttributes(inode.stat)) return base::Errno(EIO);
  return ControlFile(std::move(handle), inode.stat);
}

base::ErrnoOr<ControlFile> ControlFile::Walk(absl::string_view name) const {
  auto walked = WalkMultiple(std::span(&name, 1));
  if (!walked.ok()) return walked.error();
  switch (walked->status) {
    case wire::WalkStatus::kSuccess:
      break;
    case wire::WalkStatus::kComponentDoesNotExist:
      return base::Errno(ENOENT);
    case wire::WalkStatus::kComponentSymlink:
      return base::Errno(ENOTDIR);
  }
  if (walked->files.empty()) return base::Errno(ENOENT);
  return std::move(walked->files[0]);
}

base::ErrnoOr<ControlFile::Walked> ControlFile::WalkMultiple(
    std::span<const absl::string_view> names) const {
  Walked walked;
  std::vector<wire::Inode> inodes;
  const auto read = session().CallAndRead<MessageId::kWalk, wire::WalkResp>(
      wire::WalkReq{.dir_fd = id(), .path = names}, {},
      [&](const wire::WalkResp& response,
          std::span<const std::byte>) -> base::ErrnoOr<void> {
        walked.status = response.status;
        inodes.assign(response.inodes.begin(), response.inodes.end());
        return {};
      });
  if (!read.ok()) return read.error();
  // All are adopted before one is refused, so that all are closed.
  bool complete = true;
  for (const wire::Inode& inode : inodes) {
    auto file = AdoptHere(inode);
    complete = complete && file.ok();
    if (file.ok()) walked.files.push_back(*std::move(file));
  }
  if (!complete || inodes.size() > names.size() ||
      walked.status > wire::WalkStatus::kComponentSymlink) {
    return base::Errno(EIO);
  }
  return walked;
}

base::ErrnoOr<std::vector<wire::Statx>> ControlFile::WalkStat(
    std::span<const absl::string_view> names) const {
  std::vector<wire::Statx> stats;
  const auto read =
      session().CallAndRead<MessageId::kWalkStat, wire::WalkStatResp>(
          wire::WalkReq{.dir_fd = id(), .path = names}, {},
          [&](const wire::WalkStatResp& response,
              std::span<const std::byte>) -> base::ErrnoOr<void> {
            if (response.stats.size() > names.size()) return base::Errno(EIO);
            stats.assign(response.stats.begin(), response.stats.end());
            return {};
          });
  if (!read.ok()) return read.error();
  return stats;
}

base::ErrnoOr<ControlFile> ControlFile::WalkPath(absl::string_view path) const {
  std::vector<absl::string_view> names;
  for (const absl::string_view name : absl::StrSplit(path, '/')) {
    if (name == "..") return base::Errno(EINVAL);
    if (!name.empty() && name != ".") names.push_back(name);
  }
  if (names.empty()) return base::Errno(EINVAL);
  auto walked = WalkMultiple(names);
  if (!walked.ok()) return walked.error();
  if (walked->status == wire::WalkStatus::kComponentSymlink) {
    return base::Errno(ELOOP);
  }
  if (walked->files.size() < names.size()) return base::Errno(ENOENT);
  return std::move(walked->files.back());
}

base::ErrnoOr<wire::Statx> ControlFile::Stat() const {
  return session().Call<MessageId::kFStat, wire::Statx>(
      wire::FStatReq{.fd = id()});
}

base::ErrnoOr<ControlFile::SetStatFailure> ControlFile::SetStat(
    const AttributeChange& change) const {
  wire::SetStatReq request{.fd = id()};
  Put(change.mode, STATX_MODE, &request.mask, &request.mode);
  Put(change.uid, STATX_UID, &request.mask, &request.uid);
  Put(change.gid, STATX_GID, &request.mask, &request.gid);
  Put(change.size, STATX_SIZE, &request.mask, &request.size);
  Put(change.atime, STATX_ATIME, &request.mask, &request.atime);
  Put(change.mtime, STATX_MTIME, &request.mask, &request.mtime);
  const auto answer =
      session().Call<MessageId::kSetStat, wire::SetStatResp>(request);
  if (!answer.ok()) return answer.error();
  if (answer->failure_mask == 0) return SetStatFailure{};
  return SetStatFailure{answer->failure_mask, answer->failure_errno};
}

base::ErrnoOr<wire::StatFs> ControlFile::StatFs() const {
  return session().Call<MessageId::kFStatFs, wire::StatFs>(
      wire::FStatFsReq{.fd = id()});
}

base::ErrnoOr<OpenFile> ControlFile::Open(int flags) const {
  auto answer = session().CallForFds<MessageId::kOpenAt, wire::OpenAtResp>(
      wire::OpenAtReq{
          .fd = id(),
          .flags = static_cast<uint32_t>(flags & (O_ACCMODE | O_TRUNC))});
  if (!answer.ok()) return answer.error();
  const wire::FdId open_fd = answer->message.open_fd;
  if (open_fd == wire::FdId::kInvalid) return base::Errno(EIO);
  return OpenFile(FdHandle(handle_.shared_session(), open_fd),
                  FirstOf(std::move(answer->fds)));
}

base::ErrnoOr<ControlFile::Created> ControlFile::OpenCreate(
    absl::string_view name, int flags, const NewFile& file) const {
  auto answer =
      session().CallForFds<MessageId::kOpenCreateAt, wire::OpenCreateAtResp>(
          wire::OpenCreateAtReq{
              .common = CommonOf(id(), file),
              .flags = static_cast<uint32_t>(flags & O_ACCMODE),
              .name = name});
  if (!answer.ok()) return answer.error();
  const wire::FdId open_fd = answer->message.open_fd;
  if (open_fd == wire::FdId::kInvalid) return base::Errno(EIO);
  FdHandle open(handle_.shared_session(), open_fd);
  auto child = AdoptHere(answer->message.child);
  if (!child.ok()) return child.error();
  return Created{*std::move(child),
                 OpenFile(std::move(open), FirstOf(std::move(answer->fds)))};
}

base::ErrnoOr<ControlFile> ControlFile::Mkdir(absl::string_view name,
                                              const NewFile& file) const {
  const auto answer = session().Call<MessageId::kMkdirAt, wire::MkdirAtResp>(
      wire::MkdirAtReq{.common = CommonOf(id(), file), .name = name});
  if (!answer.ok()) return answer.error();
  return AdoptHere(answer->child);
}

base::ErrnoOr<ControlFile> ControlFile::Mknod(absl::string_view name,
                                              const NewFile& file,
                                              Device device) const {
  const auto answer = session().Call<MessageId::kMknodAt, wire::MknodAtResp>(
      wire::MknodAtReq{.common = CommonOf(id(), file),
                       .minor_number = device.minor_number,
                       .major_number = device.major_number,
                       .name = name});
  if (!answer.ok()) return answer.error();
  return AdoptHere(answer->child);
}

base::ErrnoOr<ControlFile> ControlFile::Symlink(absl::string_view name,
                                                absl::string_view target,
                                                Owner owner) const {
  const auto answer =
      session().Call<MessageId::kSymlinkAt, wire::SymlinkAtResp>(
          wire::SymlinkAtReq{.dir_fd = id(),
                             .uid = owner.uid,
                             .gid = owner.gid,
                             .name = name,
                             .target = target});
  if (!answer.ok()) return answer.error();
  return AdoptHere(answer->child);
}

base::ErrnoOr<ControlFile> ControlFile::Link(absl::string_view name,
                                             const ControlFile& target) const {
  const auto answer = session().Call<MessageId::kLinkAt, wire::LinkAtResp>(
      wire::LinkAtReq{.dir_fd = id(), .target_fd = target.id(), .name = name});
  if (!answer.ok()) return answer.error();
  return AdoptHere(answer->child);
}

base::ErrnoOr<std::string> ControlFile::ReadLink() const {
  std::string target;
  const auto read =
      session().CallAndRead<MessageId::kReadLinkAt, wire::ReadLinkAtResp>(
          wire::ReadLinkAtReq{.fd = id()}, {},
          [&](const wire::ReadLinkAtResp& response,
              std::span<const std::byte>) -> base::ErrnoOr<void> {
            target = std::string(response.target);
            return {};
          });
  if (!read.ok()) return read.error();
  return target;
}

base::ErrnoOr<void> ControlFile::Unlink(absl::string_view name,
                                        Removal removal) const {
  return session().CallVoid<MessageId::kUnlinkAt>(wire::UnlinkAtReq{
      .dir_fd = id(),
      .flags = removal == Removal::kDirectory ? uint32_t{AT_REMOVEDIR} : 0,
      .name = name});
}

base::ErrnoOr<void> ControlFile::Rename(absl::string_view name,
                                        const ControlFile& new_dir,
                                        absl::string_view new_name) const {
  return session().CallVoid<MessageId::kRenameAt>(
      wire::RenameAtReq{.old_dir_fd = id(),
                        .new_dir_fd = new_dir.id(),
                        .old_name = name,
                        .new_name = new_name});
}

base::ErrnoOr<void> ControlFile::RenameAt2(absl::string_view name,
                                           const ControlFile& new_dir,
                                           absl::string_view new_name,
                                           uint32_t flags) const {
  if (flags == 0) return Rename(name, new_dir, new_name);
  if (!session().Supports(MessageId::kRenameAt2)) return base::Errno(EINVAL);
  return session().CallVoid<MessageId::kRenameAt2>(
      wire::RenameAt2Req{.old_dir_fd = id(),
                         .new_dir_fd = new_dir.id(),
                         .old_name = name,
                         .new_name = new_name,
                         .flags = flags});
}

base::ErrnoOr<std::string> ControlFile::GetXattr(absl::string_view name,
                                                 uint32_t max_size) const {
  std::string value;
  const auto read =
      session().CallAndRead<MessageId::kFGetXattr, wire::FGetXattrResp>(
          wire::FGetXattrReq{.fd = id(), .buf_size = max_size, .name = name},
          {},
          [&](const wire::FGetXattrResp& response,
              std::span<const std::byte>) -> base::ErrnoOr<void> {
            value = std::string(response.value);
            return {};
          });
  if (!read.ok()) return read.error();
  return value;
}

base::ErrnoOr<std::vector<std::string>> ControlFile::ListXattr(
    uint64_t max_size) const {
  std::vector<std::string> names;
  const auto read =
      session().CallAndRead<MessageId::kFListXattr, wire::FListXattrResp>(
          wire::FListXattrReq{.fd = id(), .size = max_size}, {},
          [&](const wire::FListXattrResp& response,
              std::span<const std::byte>) -> base::ErrnoOr<void> {
            for (const absl::string_view name : response.names) {
              names.emplace_back(name);
            }
            return {};
          });
  if (!read.ok()) return read.error();
  return names;
}

base::ErrnoOr<void> ControlFile::SetXattr(absl::string_view name,
                                          absl::string_view value,
                                          uint32_t flags) const {
  return session().CallVoid<MessageId::kFSetXattr>(wire::FSetXattrReq{
      .fd = id(), .flags = flags, .name = name, .value = value});
}

base::ErrnoOr<void> ControlFile::RemoveXattr(absl::string_view name) const {
  return session().CallVoid<MessageId::kFRemoveXattr>(
      wire::FRemoveXattrReq{.fd = id(), .name = name});
}

base::ErrnoOr<base::UniqueFd> ControlFile::Connect(uint32_t type) const {
  auto answer = session().CallForFds<MessageId::kConnect, wire::EmptyMessage>(
      wire::ConnectReq{.fd = id(), .sock_type = type});
  if (!answer.ok()) return answer.error();
  if (answer->fds.empty()) return base::Errno(EBADF);
  return std::move(answer->fds[0]);
}

base::ErrnoOr<base::UniqueFd> ControlFile::ConnectAs(uint32_t type,
                                                     Owner peer) const {
  auto answer =
      session().CallForFds<MessageId::kConnectWithCreds, wire::EmptyMessage>(
          wire::ConnectWithCredsReq{
              .fd = id(), .sock_type = type, .uid = peer.uid, .gid = peer.gid});
  if (!answer.ok()) return answer.error();
  if (answer->fds.empty()) return base::Errno(EBADF);
  return std::move(answer->fds[0]);
}

base::ErrnoOr<ControlFile::Bound> ControlFile::BindAt(
    absl::string_view name, uint32_t type, const NewFile& file) const {
  auto answer = session().CallForFds<MessageId::kBindAt, wire::BindAtResp>(
      wire::BindAtReq{
          .common = CommonOf(id(), file), .sock_type = type, .name = name});
  if (!answer.ok()) return answer.error();
  const wire::FdId bound_fd = answer->message.bound_socket_fd;
  if (bound_fd == wire::FdId::kInvalid) return base::Errno(EIO);
  FdHandle bound(handle_.shared_session(), bound_fd);
  auto child = AdoptHere(answer->message.child);
  if (!child.ok()) return child.error();
  if (answer->fds.empty()) return base::Errno(EBADF);
  return Bound{*std::move(child),
               BoundSocket(std::move(bound), std::move(answer->fds[0]))};
}

}  // namespace gofer::client
