#include "tests/support/memory_control_fd.h"

#include <fcntl.h>
#include <linux/stat.h>
#include <sys/stat.h>

#include <utility>

#include "server/base/check.h"
#include "server/lisafs/connection.h"
#include "tests/support/memory_open_fd.h"

namespace gofer::test {
namespace {

using lisafs::ControlFdAndStat;
using lisafs::Owner;
using lisafs::ReadGuarantee;
using lisafs::WriteGuarantee;

timespec ToTimespec(const wire::Timespec& time) {
  return {.tv_sec = time.sec, .tv_nsec = static_cast<long>(time.nsec)};
}

// Collects what SetStat failed to do.
void Note(uint32_t bits, base::ErrnoOr<void> result,
          wire::SetStatResp* response) {
  if (result.ok()) return;
  response->failure_mask |= bits;
  response->failure_errno = result.error().wire();
}

}  // namespace

MemoryControlFd::MemoryControlFd(lisafs::Connection& connection,
                                 base::RefPtr<lisafs::Node> node,
                                 lisafs::QuotaSlot slot, MemoryBackend& backend,
                                 MemoryFs::InodePtr inode, std::string path)
    : ControlFd(connection, std::move(node), std::move(slot), inode->type()),
      backend_(backend),
      inode_(std::move(inode)),
      witness_(backend.fs().WitnessOf(this->node())),
      path_(std::move(path)) {}

MemoryControlFd::Reading::Reading(const MemoryControlFd& fd,
                                  const ReadGuarantee& guarantee)
    : tree_(fd.fs().tree_witness()), node_(*fd.witness_) {
  GOFER_CHECK(&guarantee.node() == &fd.node());
  fd.CheckPath(guarantee.tree());
}

MemoryControlFd::Writing::Writing(const MemoryControlFd& fd,
                                  const WriteGuarantee& guarantee)
    : tree_(fd.fs().tree_witness()), node_(*fd.witness_) {
  GOFER_CHECK(&guarantee.node() == &fd.node());
  fd.CheckPath(guarantee.tree());
}

void MemoryControlFd::BeSlow() const {
  if (backend_.policy().in_slow_call) backend_.policy().in_slow_call();
}

void MemoryControlFd::CheckPath(const lisafs::TreeLock& tree) const {
  // Nobody is told where a deleted file would be now.
  GOFER_CHECK(node().deleted() || path_ == node().FilePath(tree));
}

void MemoryControlFd::OnRenamed(const lisafs::GlobalGuarantee& global) {
  const GuaranteeWitness::Alone alone(fs().tree_witness());
  path_ = node().FilePath(global);
}

base::ErrnoOr<ControlFdAndStat> MemoryControlFd::MakeChild(
    const lisafs::TreeLock& tree, absl::string_view name,
    lisafs::QuotaSlot slot, MemoryFs::InodePtr inode) {
  base::RefPtr<lisafs::Node> child =
      node().FindOrCreateChild(tree, name, connection().node_quota());
  if (!child) return base::Errno(ENOMEM);
  std::string path = child->FilePath(tree);
  const wire::Statx stat = inode->Stat();
  return ControlFdAndStat{base::MakeRef<MemoryControlFd>(
                              connection(), std::move(child), std::move(slot),
                              backend_, std::move(inode), std::move(path)),
                          stat};
}

base::ErrnoOr<ControlFdAndStat> MemoryControlFd::AddChild(
    const lisafs::TreeLock& tree, absl::string_view name,
    const MemoryFs::InodePtr& inode) {
  lisafs::QuotaSlot slot = connection().TakeFdSlot();
  if (!slot) return base::Errno(EMFILE);
  if (auto added = MemoryFs::Add(*inode_, name, inode); !added.ok()) {
    return added.error();
  }
  auto child = MakeChild(tree, name, std::move(slot), inode);
  if (!child.ok()) {
    (void)MemoryFs::Unlink(*inode_, name,
                           inode->type() == S_IFDIR ? AT_REMOVEDIR : 0);
  }
  return child;
}

base::ErrnoOr<wire::Statx> MemoryControlFd::Stat(
    const ReadGuarantee& guarantee) {
  const Reading reading(*this, guarantee);
  return inode_->Stat();
}

wire::SetStatResp MemoryControlFd::SetStat(const wire::SetStatReq& request) {
  BeSlow();
  wire::SetStatResp response;
  constexpr uint32_t kTimes = STATX_ATIME | STATX_MTIME;
  constexpr uint32_t kOwner = STATX_UID | STATX_GID;
  if ((request.mask & STATX_MODE) != 0) {
    if (is_symlink()) {
      const bool new_level =
          backend_.level() == lisafs::ProtocolLevel::kAug2026;
      Note(STATX_MODE, base::Errno(new_level ? EOPNOTSUPP : EBADF), &response);
    } else {
      inode_->SetMode(request.mode);
    }
  }
  if ((request.mask & STATX_SIZE) != 0) {
    Note(STATX_SIZE, inode_->Truncate(request.size), &response);
  }
  if ((request.mask & kTimes) != 0) {
    if (is_socket()) {
      Note(request.mask & kTimes, base::Errno(EBADF), &response);
    } else {
      const timespec atime = ToTimespec(request.atime);
      const timespec mtime = ToTimespec(request.mtime);
      inode_->SetTimes((request.mask & STATX_ATIME) != 0 ? &atime : nullptr,
                       (request.mask & STATX_MTIME) != 0 ? &mtime : nullptr);
    }
  }
  if ((request.mask & kOwner) != 0) {
    inode_->SetOwner(
        Owner{(request.mask & STATX_UID) != 0 ? request.uid : wire::kNoId,
              (request.mask & STATX_GID) != 0 ? request.gid : wire::kNoId});
  }
  return response;
}

base::ErrnoOr<ControlFdAndStat> MemoryControlFd::Walk(
    const ReadGuarantee& guarantee, absl::string_view name) {
  const Reading reading(*this, guarantee);
  lisafs::QuotaSlot slot = connection().TakeFdSlot();
  if (!slot) return base::Errno(EMFILE);
  auto inode = inode_->Lookup(name);
  if (!inode.ok()) return inode.error();
  if ((*inode)->type() == S_IFBLK) return base::Errno(EPERM);
  return MakeChild(guarantee.tree(), name, std::move(slot), *std::move(inode));
}

base::ErrnoOr<void> MemoryControlFd::WalkStat(
    const ReadGuarantee& guarantee, const wire::StringArray& path,
    wire::ArrayWriter<wire::Statx>& out) {
  const Reading reading(*this, guarantee);
  // Descendants may be looked at under their own guarantees only.
  if (path.size() > 1) return base::Errno(EOPNOTSUPP);
  if (path.size() == 1 && !out.Append(inode_->Stat())) return base::Errno(EIO);
  return {};
}

base::ErrnoOr<lisafs::OpenResult> MemoryControlFd::OpenUnguarded(
    uint32_t flags) {
  lisafs::QuotaSlot slot = connection().TakeFdSlot();
  if (!slot) return base::Errno(EMFILE);
  base::UniqueFd content;
  base::UniqueFd donated;
  if (!is_directory()) {
    auto opened = inode_->OpenContent(flags);
    if (!opened.ok()) return opened.error();
    content = *std::move(opened);
    if (connection().options().donation != lisafs::Donation::kNone) {
      auto copy = base::DupFd(content.get());
      if (copy.ok()) donated = *std::move(copy);
    }
  }
  auto self = base::RefPtr<MemoryControlFd>::Share(this);
  return lisafs::OpenResult{
      base::MakeRef<MemoryOpenFd>(std::move(self), std::move(slot), flags,
                                  std::move(content)),
      std::move(donated)};
}

base::ErrnoOr<lisafs::OpenResult> MemoryControlFd::Open(uint32_t flags) {
  BeSlow();
  const FilePolicy& policy = backend_.policy();
  if (is_socket() && !policy.connect_sockets) return base::Errno(EPERM);
  if (file_type() == S_IFIFO && !policy.open_fifos) return base::Errno(EPERM);
  if (file_type() == S_IFCHR &&
      backend_.level() == lisafs::ProtocolLevel::kAug2026) {
    return base::Errno(EPERM);
  }
  return OpenUnguarded(flags);
}

base::ErrnoOr<lisafs::CreateResult> MemoryControlFd::OpenCreate(
    const WriteGuarantee& guarantee, absl::string_view name, uint32_t mode,
    Owner owner, uint32_t flags) {
  const Writing writing(*this, guarantee);
  const MemoryFs::InodePtr inode = fs().NewInode(S_IFREG | mode, owner);
  inode->SetOwner(owner);
  auto child = AddChild(guarantee.tree(), name, inode);
  if (!child.ok()) return child.error();
  auto open = static_cast<MemoryControlFd&>(*child->fd).OpenUnguarded(flags);
  if (!open.ok()) {
    (void)MemoryFs::Unlink(*inode_, name, 0);
    return open.error();
  }
  return lisafs::CreateResult{*std::move(child), *std::move(open)};
}

base::ErrnoOr<ControlFdAndStat> MemoryControlFd::Mkdir(
    const WriteGuarantee& guarantee, absl::string_view name, uint32_t mode,
    Owner owner) {
  const Writing writing(*this, guarantee);
  // The kernel takes no set-group-id bit from mkdir(2).
  return AddChild(guarantee.tree(), name,
                  fs().NewInode(S_IFDIR | (mode & ~uint32_t{S_ISGID}), owner));
}

base::ErrnoOr<ControlFdAndStat> MemoryControlFd::Mknod(
    const WriteGuarantee& guarantee, absl::string_view name, uint32_t mode,
    Owner owner, uint32_t minor, uint32_t major) {
  const Writing writing(*this, guarantee);
  const bool whiteout = backend_.level() == lisafs::ProtocolLevel::kAug2026 &&
                        (mode & S_IFMT) == S_IFCHR && minor == 0 && major == 0;
  if ((mode & S_IFMT) != S_IFREG && !whiteout) return base::Errno(EPERM);
  const MemoryFs::InodePtr inode = fs().NewInode(mode, owner);
  inode->SetOwner(owner);
  return AddChild(guarantee.tree(), name, inode);
}

base::ErrnoOr<ControlFdAndStat> MemoryControlFd::Symlink(
    const WriteGuarantee& guarantee, absl::string_view name,
    absl::string_view target, Owner owner) {
  const Writing writing(*this, guarantee);
  if (target.empty()) return base::Errno(ENOENT);
  return AddChild(
      guarantee.tree(), name,
      fs().NewInode(S_IFLNK | 0777, owner, 0, 0, std::string(target)));
}

base::ErrnoOr<ControlFdAndStat> MemoryControlFd::Link(
    const ReadGuarantee& self, const WriteGuarantee& directory_guarantee,
    lisafs::ControlFd& directory, absl::string_view name) {
  const Reading reading(*this, self);
  auto& parent = static_cast<MemoryControlFd&>(directory);
  const Writing writing(parent, directory_guarantee);
  return parent.AddChild(directory_guarantee.tree(), name, inode_);
}

base::ErrnoOr<wire::StatFs> MemoryControlFd::StatFs(
    const ReadGuarantee& guarantee) {
  const Reading reading(*this, guarantee);
  return wire::StatFs{.type = 0x474f4645,
                      .block_size = 4096,
                      .blocks = 1000,
                      .blocks_free = 500,
                      .blocks_available = 400,
                      .files = 1000,
                      .files_free = 500,
                      .name_length = 255};
}

base::ErrnoOr<std::string> MemoryControlFd::ReadLink(
    const ReadGuarantee& guarantee) {
  const Reading reading(*this, guarantee);
  return inode_->target();
}

base::ErrnoOr<void> MemoryControlFd::Unlink(const WriteGuarantee& guarantee,
                                            absl::string_view name,
                                            uint32_t flags) {
  const Writing writing(*this, guarantee);
  const base::RefPtr<lisafs::Node> victim = node().FindChild(name);
  if (!victim) return MemoryFs::Unlink(*inode_, name, flags);
  const auto witness = fs().WitnessOf(*victim);
  const GuaranteeWitness::Alone alone(*witness);
  return MemoryFs::Unlink(*inode_, name, flags);
}

base::ErrnoOr<void> MemoryControlFd::Rename(
    const lisafs::GlobalGuarantee& global, absl::string_view old_name,
    lisafs::ControlFd& new_directory, absl::string_view new_name,
    uint32_t flags) {
  const GuaranteeWitness::Alone alone(fs().tree_witness());
  const auto path_of = [&global](const lisafs::Node& directory,
                                 absl::string_view name) {
    std::string path = directory.FilePath(global);
    if (path.back() != '/') path += '/';
    return path + std::string(name) + "/";
  };
  const std::string old_path = path_of(node(), old_name);
  const std::string new_path = path_of(new_directory.node(), new_name);
  const bool into_itself =
      old_path != new_path &&
      (new_path.compare(0, old_path.size(), old_path) == 0 ||
       old_path.compare(0, new_path.size(), new_path) == 0);
  return MemoryFs::Rename(*inode_, old_name,
                          static_cast<MemoryControlFd&>(new_directory).inode(),
                          new_name, flags, into_itself);
}

}  // namespace gofer::test
