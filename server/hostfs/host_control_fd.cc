#include "server/hostfs/host_control_fd.h"

#include <fcntl.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "server/base/syscall.h"
#include "server/hostfs/c_string.h"
#include "server/hostfs/open_flags.h"
#include "server/hostfs/stat_convert.h"

namespace gofer::hostfs {

HostControlFd::HostControlFd(HostBackend& backend,
                             lisafs::Connection& connection,
                             base::RefPtr<lisafs::Node> node,
                             lisafs::QuotaSlot slot, const wire::Statx& stat,
                             base::UniqueFd host_fd)
    : ControlFd(connection, std::move(node), std::move(slot), stat.mode),
      backend_(backend),
      host_fd_(std::move(host_fd)),
      device_(DisklessDevice(stat)) {}

HostControlFd::~HostControlFd() {
  base::UniqueFd(writable_fd_.load(std::memory_order_acquire)).reset();
}

void HostControlFd::KeepMountClone(base::UniqueFd clone,
                                   lisafs::QuotaSlot slot) {
  mount_clone_ = std::move(clone);
  mount_clone_slot_ = std::move(slot);
}

base::ErrnoOr<wire::Statx> HostControlFd::Stat(const lisafs::ReadGuarantee&) {
  return StatFd(host_fd(), backend_.level());
}

base::ErrnoOr<lisafs::ControlFdAndStat> HostControlFd::Walk(
    const lisafs::ReadGuarantee& guarantee, absl::string_view name) {
  const CString c_name(name);
  if (!c_name.ok()) return c_name.error();
  lisafs::QuotaSlot slot = connection().TakeFdSlot();
  if (!slot) return base::Errno(EMFILE);
  auto fd = base::SyscallFd(
      [&] { return ::openat(host_fd(), c_name.get(), kControlOpenFlags); });
  if (!fd.ok()) return fd.error();
  const auto stat = backend_.StatServed(fd->get(), device_);
  if (!stat.ok()) return stat.error();
  return MakeChild(guarantee, name, std::move(slot), *std::move(fd), *stat);
}

base::ErrnoOr<void> HostControlFd::WalkStat(
    const lisafs::ReadGuarantee&, const wire::StringArray& path,
    wire::ArrayWriter<wire::Statx>& out) {
  const lisafs::ProtocolLevel level = backend_.level();
  int directory = host_fd();
  uint32_t device = device_;
  base::UniqueFd opened;
  size_t left = path.size();
  for (const absl::string_view name : path) {
    const bool is_self = left == path.size() && name.empty();
    --left;
    const CString c_name(name);
    if (!c_name.ok()) return c_name.error();
    // Only what is walked through has to be opened.
    if (!is_self && left > 0) {
      auto next = base::SyscallFd(
          [&] { return ::openat(directory, c_name.get(), kControlOpenFlags); });
      if (!next.ok()) {
        if (next.error() == base::Errno(ENOENT)) return {};
        return next.error();
      }
      opened = *std::move(next);
      directory = opened.get();
    }
    const bool is_open = is_self || left > 0;
    const auto stat = is_open ? StatFd(directory, level)
                              : StatAt(directory, c_name.get(), level);
    if (!stat.ok()) {
      if (stat.error() == base::Errno(ENOENT)) return {};
      return stat.error();
    }
    const auto served = backend_.CheckServed(
        directory, is_open ? "" : c_name.get(), *stat, device);
    if (!served.ok()) return served.error();
    if (is_open) device = DisklessDevice(*stat);
    if (!out.Append(*stat)) return base::Errno(EIO);
    if (!is_self && S_ISLNK(stat->mode)) return {};
  }
  return {};
}

base::ErrnoOr<wire::StatFs> HostControlFd::StatFs(
    const lisafs::ReadGuarantee&) {
  struct statfs stat;
  if (base::RetryOnEintr([&] { return ::fstatfs(host_fd(), &stat); }) != 0) {
    return base::Errno::Last();
  }
  return FromStatFs(stat);
}

base::ErrnoOr<std::string> HostControlFd::ReadLink(
    const lisafs::ReadGuarantee&) {
  char target[PATH_MAX];
  ssize_t length = ::readlinkat(host_fd(), "", target, sizeof(target));
  if (length < 0) return base::Errno::Last();
  if (static_cast<size_t>(length) < sizeof(target)) {
    return std::string(target, static_cast<size_t>(length));
  }
  // No Linux file system has such links; the protocol's limit is this.
  std::string longer(32768, '\0');
  length = ::readlinkat(host_fd(), "", longer.data(), longer.size());
  if (length < 0) return base::Errno::Last();
  if (static_cast<size_t>(length) == longer.size()) return base::Errno(ENOMEM);
  longer.resize(static_cast<size_t>(length));
  return longer;
}

template <class Guarantee>
base::ErrnoOr<lisafs::ControlFdAndStat> HostControlFd::MakeChild(
    const Guarantee& guarantee, absl::string_view name, lisafs::QuotaSlot slot,
    base::UniqueFd host_fd, const wire::Statx& stat) {
  base::RefPtr<lisafs::Node> node = guarantee.node().FindOrCreateChild(
      guarantee.tree(), name, connection().node_quota());
  if (!node) return base::Errno(ENOMEM);
  lisafs::ControlFdAndStat child;
  child.stat = stat;
  child.fd =
      base::MakeRef<HostControlFd>(backend_, connection(), std::move(node),
                                   std::move(slot), stat, std::move(host_fd));
  return child;
}

template base::ErrnoOr<lisafs::ControlFdAndStat> HostControlFd::MakeChild(
    const lisafs::ReadGuarantee&, absl::string_view, lisafs::QuotaSlot,
    base::UniqueFd, const wire::Statx&);
template base::ErrnoOr<lisafs::ControlFdAndStat> HostControlFd::MakeChild(
    const lisafs::WriteGuarantee&, absl::string_view, lisafs::QuotaSlot,
    base::UniqueFd, const wire::Statx&);

}  // namespace gofer::hostfs
