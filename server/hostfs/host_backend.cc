#include "server/hostfs/host_backend.h"

#include <array>
#include <utility>

#include "server/hostfs/host_control_fd.h"
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

// The client of a donated mount point reads through it, so it gets an open
// file where there is something to open.
base::ErrnoOr<base::UniqueFd> DonateMountPoint(const ProcSelfFd& proc_self_fd,
                                               int fd, uint32_t mode) {
  if (!S_ISLNK(mode) && !S_ISSOCK(mode)) {
    auto opened = proc_self_fd.Reopen(fd, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (opened.ok()) return opened;
  }
  return base::DupFd(fd);
}

}  // namespace

HostBackend::HostBackend(std::shared_ptr<HostTree> tree,
                         const HostOptions& options,
                         lisafs::ProtocolLevel level)
    : tree_(std::move(tree)), options_(options), level_(level) {}

base::ErrnoOr<lisafs::MountResult> HostBackend::Mount(
    lisafs::Connection& connection, const lisafs::ReadGuarantee& guarantee) {
  lisafs::QuotaSlot slot = connection.TakeFdSlot();
  if (!slot) return base::Errno(EMFILE);
  auto fd = tree_->OpenPath(guarantee.node().FilePath(guarantee.tree()));
  if (!fd.ok()) return fd.error();
  const auto stat = StatFd(fd->get(), level_);
  if (!stat.ok()) return stat.error();
  if (!IsServedType(stat->mode)) return base::Errno(EPERM);

  lisafs::MountResult result;
  if (connection.options().donation == lisafs::Donation::kFilesAndMountPoint) {
    auto donated = DonateMountPoint(proc_self_fd(), fd->get(), stat->mode);
    if (!donated.ok()) return donated.error();
    result.donated = *std::move(donated);
  }
  result.root.stat = *stat;
  result.root.fd = base::MakeRef<HostControlFd>(
      *this, connection, base::RefPtr<lisafs::Node>::Share(&guarantee.node()),
      std::move(slot), stat->mode, *std::move(fd),
      HostControlFd::Role::kMountPoint);
  return result;
}

std::span<const wire::MessageId> HostBackend::SupportedMessages() const {
  if (level_ == lisafs::ProtocolLevel::kNov2023) return kNov2023Messages;
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
