#include "server/hostfs/host_backend.h"

#include <fcntl.h>

#include <array>
#include <utility>

#include "server/base/syscall.h"
#include "server/hostfs/host_control_fd.h"
#include "server/hostfs/mount_clone.h"
#include "server/hostfs/open_flags.h"
#include "server/hostfs/stat_convert.h"
#include "server/wire/limits.h"

namespace gofer::hostfs {
namespace {

using enum wire::MessageId;

// Both lists are in the order in which they are announced.
constexpr std::array kNov2023Messages = {
    kMount,      kChannel,      kFStat,     kSetStat,  kWalk,       kWalkStat,
    kOpenAt,     kOpenCreateAt, kClose,     kFSync,    kPWrite,     kPRead,
    kMkdirAt,    kMknodAt,      kSymlinkAt, kLinkAt,   kFStatFs,    kFAllocate,
    kReadLinkAt, kConnect,      kUnlinkAt,  kRenameAt, kGetdents64, kFGetXattr,
    kFSetXattr,  kBindAt,       kListen,    kAccept};
static_assert(kNov2023Messages.size() == 28);

constexpr std::array kAug2026Messages = {kMount,
                                         kChannel,
                                         kFStat,
                                         kSetStat,
                                         kWalk,
                                         kWalkStat,
                                         kOpenAt,
                                         kOpenCreateAt,
                                         kClose,
                                         kFSync,
                                         kPWrite,
                                         kPRead,
                                         kMkdirAt,
                                         kMknodAt,
                                         kSymlinkAt,
                                         kLinkAt,
                                         kFStatFs,
                                         kFAllocate,
                                         kReadLinkAt,
                                         kConnect,
                                         kUnlinkAt,
                                         kRenameAt,
                                         kGetdents64,
                                         kFGetXattr,
                                         kFSetXattr,
                                         kFListXattr,
                                         kFRemoveXattr,
                                         kBindAt,
                                         kListen,
                                         kAccept,
                                         kConnectWithCreds,
                                         kRenameAt2};
static_assert(kAug2026Messages.size() == 32);

constexpr auto kAug2026MessagesWithoutLists = [] {
  std::array<wire::MessageId, kAug2026Messages.size() - 2> left = {};
  size_t size = 0;
  for (const wire::MessageId id : kAug2026Messages) {
    if (id != kFListXattr && id != kFRemoveXattr) left.at(size++) = id;
  }
  return left;
}();

}  // namespace

HostBackend::HostBackend(std::shared_ptr<HostTree> tree,
                         const HostOptions& options,
                         lisafs::ProtocolLevel level)
    : tree_(std::move(tree)), options_(options), level_(level) {}

base::ErrnoOr<void> HostBackend::PrepareDonation(
    absl::string_view mount_path, const lisafs::ConnectionOptions& options) {
  if (options.donation != lisafs::Donation::kFilesAndMountPoint) return {};
  donation_prepared_ = true;
  const auto fd = tree_->OpenPath(mount_path);
  if (!fd.ok()) return {};
  const auto stat = StatServed(fd->get());
  if (!stat.ok() || !S_ISDIR(stat->mode)) return {};
  auto clone = CloneMount(fd->get(), options.access, donated_devices());
  if (!clone.ok()) return clone.error();
  mount_clone_ = *std::move(clone);
  return {};
}

void HostBackend::SetDonation(base::UniqueFd clone) {
  donation_prepared_ = true;
  mount_clone_ = std::move(clone);
}

base::ErrnoOr<lisafs::MountResult> HostBackend::Mount(
    lisafs::Connection& connection, const lisafs::ReadGuarantee& guarantee) {
  lisafs::QuotaSlot slot = connection.TakeFdSlot();
  if (!slot) return base::Errno(EMFILE);
  auto fd = tree_->OpenPath(guarantee.node().FilePath(guarantee.tree()));
  if (!fd.ok()) return fd.error();
  const auto stat = StatServed(fd->get());
  if (!stat.ok()) return stat.error();
  auto donation = DonateMountPoint(connection, fd->get(), stat->mode);
  if (!donation.ok()) return donation.error();
  auto root = base::MakeRef<HostControlFd>(
      *this, connection, base::RefPtr<lisafs::Node>::Share(&guarantee.node()),
      std::move(slot), *stat, *std::move(fd));
  root->KeepMountClone(std::move(donation->clone),
                       std::move(donation->clone_slot));
  lisafs::MountResult result;
  result.root.stat = *stat;
  result.root.fd = std::move(root);
  result.donated = std::move(donation->donated);
  return result;
}

// The client takes an answer without a descriptor for a failed mount, whatever
// the file is. FIFOs, devices and sockets are not opened for it: that has
// effects, and is what the connection's options are about. An O_PATH descriptor
// names the file; to get further the client needs a procfs, which a sandbox
// does not have, or an Open of ours.
base::ErrnoOr<HostBackend::MountPointDonation> HostBackend::DonateMountPoint(
    lisafs::Connection& connection, int fd, uint32_t mode) const {
  MountPointDonation donation;
  const lisafs::ConnectionOptions& options = connection.options();
  if (options.donation != lisafs::Donation::kFilesAndMountPoint) {
    return donation;
  }
  if (!S_ISDIR(mode)) {
    // Owner and times can be changed through any descriptor.
    if (options.access != lisafs::Access::kReadWrite &&
        !IsOnReadOnlyMount(fd)) {
      return donation;
    }
    auto donated = S_ISREG(mode)
                       ? proc_self_fd().Reopen(fd, ReopenFlags(O_RDONLY))
                       : base::DupFd(fd);
    if (!donated.ok()) return donated.error();
    donation.donated = *std::move(donated);
  } else if (mount_clone_.valid() || !donation_prepared_) {
    donation.clone_slot = connection.TakeFdSlot();
    if (!donation.clone_slot) return base::Errno(EMFILE);
    auto clone = mount_clone_.valid()
                     ? base::SyscallFd([&] {
                         return ::fcntl(mount_clone_.get(), F_DUPFD_CLOEXEC, 0);
                       })
                     : CloneMount(fd, options.access, donated_devices());
    if (!clone.ok()) return clone.error();
    donation.clone = *std::move(clone);
    auto donated = proc_self_fd().Reopen(donation.clone.get(),
                                         ReopenFlags(O_RDONLY) | O_DIRECTORY);
    if (!donated.ok()) return donated.error();
    donation.donated = *std::move(donated);
  }
  return donation;
}

base::ErrnoOr<void> HostBackend::CheckServed(int directory, const char* name,
                                             const wire::Statx& stat,
                                             uint32_t served) const {
  if (!IsServedType(stat.mode) || IsProcfs(directory, name, stat, served)) {
    return base::Errno(EPERM);
  }
  return {};
}

base::ErrnoOr<wire::Statx> HostBackend::StatServed(int fd,
                                                   uint32_t served) const {
  auto stat = StatFd(fd, level_);
  if (!stat.ok()) return stat;
  if (const auto checked = CheckServed(fd, "", *stat, served); !checked.ok()) {
    return checked.error();
  }
  return stat;
}

std::span<const wire::MessageId> HostBackend::SupportedMessages() const {
  if (level_ == lisafs::ProtocolLevel::kNov2023) return kNov2023Messages;
  if (!options_.list_xattrs) return kAug2026MessagesWithoutLists;
  return kAug2026Messages;
}

uint32_t HostBackend::MaxMessageSize() const { return wire::kMaxMessageSize; }

bool HostBackend::may_open_char_devices() const {
  switch (options_.char_devices) {
    case CharDevicePolicy::kOpen:
      return true;
    case CharDevicePolicy::kRefuse:
      return false;
    case CharDevicePolicy::kByLevel:
      break;
  }
  return level_ == lisafs::ProtocolLevel::kNov2023;
}

}  // namespace gofer::hostfs
