// Opening: Open and OpenCreate.

#include <fcntl.h>

#include <utility>

#include "server/base/syscall.h"
#include "server/hostfs/c_string.h"
#include "server/hostfs/host_control_fd.h"
#include "server/hostfs/host_open_fd.h"
#include "server/hostfs/new_file.h"
#include "server/hostfs/open_flags.h"

namespace gofer::hostfs {
namespace {

base::RefPtr<lisafs::OpenFd> MakeOpenFd(HostControlFd& control,
                                        lisafs::QuotaSlot slot, uint32_t flags,
                                        base::UniqueFd host_fd) {
  return base::MakeRef<HostOpenFd>(base::RefPtr<HostControlFd>::Share(&control),
                                   std::move(slot), flags, std::move(host_fd));
}

}  // namespace

base::ErrnoOr<lisafs::OpenResult> HostControlFd::Open(
    const lisafs::ReadGuarantee&, uint32_t flags) {
  if (const auto may_open = CheckMayOpen(); !may_open.ok()) {
    return may_open.error();
  }
  lisafs::QuotaSlot slot = connection().TakeFdSlot();
  if (!slot) return base::Errno(EMFILE);
  auto fd = backend_.proc_self_fd().Reopen(host_fd(),
                                           ReopenFlags(flags, file_type()));
  if (!fd.ok()) return fd.error();
  auto donated = Donate(fd->get());
  if (!donated.ok()) return donated.error();
  lisafs::OpenResult result;
  result.donated = *std::move(donated);
  result.fd = MakeOpenFd(*this, std::move(slot), flags, *std::move(fd));
  return result;
}

base::ErrnoOr<lisafs::CreateResult> HostControlFd::OpenCreate(
    const lisafs::WriteGuarantee& guarantee, absl::string_view name,
    uint32_t mode, lisafs::Owner owner, uint32_t flags) {
  const CString c_name(name);
  if (!c_name.ok()) return c_name.error();
  lisafs::QuotaSlot control_slot = connection().TakeFdSlot();
  lisafs::QuotaSlot open_slot = connection().TakeFdSlot();
  if (!control_slot || !open_slot) return base::Errno(EMFILE);
  auto fd = base::SyscallFd([&] {
    return ::openat(host_fd(), c_name.get(), CreateFlags(flags),
                    PermissionBits(mode));
  });
  if (!fd.ok()) return fd.error();
  NewFile new_file(host_fd(), c_name.get(), 0);
  auto control = backend_.proc_self_fd().Reopen(fd->get(), O_PATH | O_CLOEXEC);
  if (!control.ok()) return control.error();
  auto child = MakeNewChild(guarantee, name, std::move(control_slot),
                            *std::move(control), owner);
  if (!child.ok()) return child.error();

  lisafs::CreateResult result;
  if (connection().options().donation != lisafs::Donation::kNone) {
    auto donated = base::DupFd(fd->get());
    if (donated.ok()) result.open.donated = *std::move(donated);
  }
  result.open.fd = MakeOpenFd(static_cast<HostControlFd&>(*child->fd),
                              std::move(open_slot), flags, *std::move(fd));
  result.child = *std::move(child);
  new_file.Keep();
  return result;
}

base::ErrnoOr<void> HostControlFd::CheckMayOpen() const {
  bool may = true;
  switch (file_type()) {
    case S_IFIFO:
      may = backend_.options().host_fifo == HostFifo::kOpen;
      break;
    case S_IFSOCK:
      may = backend_.options().may_connect();
      break;
    case S_IFCHR:
      may = backend_.may_open_char_devices();
      break;
    default:
      break;
  }
  if (!may) return base::Errno(EPERM);
  return {};
}

base::ErrnoOr<base::UniqueFd> HostControlFd::Donate(int open_file) const {
  const lisafs::Donation donation = connection().options().donation;
  if (donation == lisafs::Donation::kNone) return base::UniqueFd();
  if (role_ == Role::kMountPoint &&
      donation == lisafs::Donation::kFilesAndMountPoint) {
    return base::DupFd(open_file);
  }
  switch (file_type()) {
    case S_IFREG: {
      // The client can do without.
      auto donated = base::DupFd(open_file);
      if (!donated.ok()) return base::UniqueFd();
      return donated;
    }
    case S_IFIFO:
    case S_IFCHR:
      return base::DupFd(open_file);
    default:
      return base::UniqueFd();
  }
}

}  // namespace gofer::hostfs
