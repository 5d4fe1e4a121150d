// Opening: Open and OpenCreate.

#include <fcntl.h>

#include <utility>

#include "server/hostfs/host_control_fd.h"
#include "server/hostfs/host_open_fd.h"
#include "server/hostfs/mount_clone.h"
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

// A regular file's descriptor is lent: the client shares our open file. The
// changes that it can make to that (O_APPEND, O_DIRECT, locks) affect I/O on
// this one FD of its own and make nobody wait. A FIFO or device is different:
// its client could make us wait.
base::ErrnoOr<lisafs::OpenResult> HostControlFd::Open(uint32_t flags) {
  if (const auto may_open = CheckMayOpen(); !may_open.ok()) {
    return may_open.error();
  }
  lisafs::QuotaSlot slot = connection().TakeFdSlot();
  if (!slot) return base::Errno(EMFILE);
  auto fd = backend_.proc_self_fd().Reopen(host_fd(), ReopenFlags(flags));
  if (!fd.ok()) return fd.error();
  lisafs::OpenResult result;
  if (MayDonate(fd->get())) {
    if (is_regular()) {
      result.lent = fd->get();
    } else {
      auto donated = OpenForClient(flags);
      if (!donated.ok()) return donated.error();
      result.donated = *std::move(donated);
    }
  }
  result.fd = MakeOpenFd(*this, std::move(slot), flags, *std::move(fd));
  return result;
}

base::ErrnoOr<lisafs::CreateResult> HostControlFd::OpenCreate(
    const lisafs::WriteGuarantee& guarantee, absl::string_view name,
    uint32_t mode, lisafs::Owner owner, uint32_t flags) {
  lisafs::QuotaSlot control_slot = connection().TakeFdSlot();
  lisafs::QuotaSlot open_slot = connection().TakeFdSlot();
  if (!control_slot || !open_slot) return base::Errno(EMFILE);
  auto made =
      CreateFile(guarantee, name, mode, std::move(control_slot), owner, flags);
  if (!made.ok()) return made.error();
  lisafs::CreateResult result;
  if (connection().options().donation != lisafs::Donation::kNone) {
    result.open.lent = made->open_file.get();
  }
  result.open.fd =
      MakeOpenFd(static_cast<HostControlFd&>(*made->child.fd),
                 std::move(open_slot), flags, std::move(made->open_file));
  result.child = std::move(made->child);
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

// Through a descriptor opened for reading, a client with the credentials for it
// can change the mode of a file or open it again for writing. On a read-only
// connection only a read-only mount stands against that.
bool HostControlFd::MayDonate(int open_file) const {
  const lisafs::ConnectionOptions& options = connection().options();
  switch (file_type()) {
    case S_IFDIR:
      return mount_clone_.valid();
    case S_IFREG:
    case S_IFIFO:
    case S_IFCHR:
      return options.donation != lisafs::Donation::kNone &&
             (options.access == lisafs::Access::kReadWrite ||
              IsOnReadOnlyMount(open_file));
    default:
      return false;
  }
}

base::ErrnoOr<base::UniqueFd> HostControlFd::OpenForClient(
    uint32_t flags) const {
  if (is_directory()) {
    return backend_.proc_self_fd().Reopen(mount_clone_.get(),
                                          ReopenFlags(O_RDONLY) | O_DIRECTORY);
  }
  // Not a copy of our own: the client could make that block.
  return backend_.proc_self_fd().Reopen(host_fd(),
                                        ReopenFlags(flags & O_ACCMODE));
}

}  // namespace gofer::hostfs
