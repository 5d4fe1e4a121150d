// Changes to a directory: Mkdir, Mknod, Symlink, Link, Unlink and Rename.

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "server/base/syscall.h"
#include "server/hostfs/c_string.h"
#include "server/hostfs/host_control_fd.h"
#include "server/hostfs/new_file.h"
#include "server/hostfs/open_flags.h"
#include "server/hostfs/stat_convert.h"

namespace gofer::hostfs {
namespace {

// Blocks of 512 bytes that are freed so quickly that nobody notices: 16 MiB.
constexpr blkcnt_t kSlowToFree = 32768;

}  // namespace

base::ErrnoOr<lisafs::ControlFdAndStat> HostControlFd::Mkdir(
    const lisafs::WriteGuarantee& guarantee, absl::string_view name,
    uint32_t mode, lisafs::Owner owner) {
  const CString c_name(name);
  if (!c_name.ok()) return c_name.error();
  lisafs::QuotaSlot slot = connection().TakeFdSlot();
  if (!slot) return base::Errno(EMFILE);
  if (::mkdirat(host_fd(), c_name.get(), PermissionBits(mode)) != 0) {
    return base::Errno::Last();
  }
  NewFile new_file(host_fd(), c_name.get(), AT_REMOVEDIR);
  auto child = AdoptNewChild(guarantee, name, c_name.get(), std::move(slot),
                             S_IFDIR, owner);
  if (child.ok()) new_file.Keep();
  return child;
}

base::ErrnoOr<lisafs::ControlFdAndStat> HostControlFd::Mknod(
    const lisafs::WriteGuarantee& guarantee, absl::string_view name,
    uint32_t mode, lisafs::Owner owner, uint32_t minor, uint32_t major) {
  const bool is_whiteout =
      backend_.level() != lisafs::ProtocolLevel::kNov2023 && S_ISCHR(mode) &&
      minor == 0 && major == 0;
  if (!S_ISREG(mode) && !is_whiteout) return base::Errno(EPERM);
  const CString c_name(name);
  if (!c_name.ok()) return c_name.error();
  lisafs::QuotaSlot slot = connection().TakeFdSlot();
  if (!slot) return base::Errno(EMFILE);
  if (is_whiteout) {
    if (::mknodat(host_fd(), c_name.get(), mode, 0) != 0) {
      return base::Errno::Last();
    }
    NewFile new_file(host_fd(), c_name.get(), 0);
    auto child = AdoptNewChild(guarantee, name, c_name.get(), std::move(slot),
                               S_IFCHR, owner);
    if (child.ok()) new_file.Keep();
    return child;
  }
  // Does the same as mknod(2), with a descriptor that is sure to be of the new
  // file, and not of what a process of the host put in its place.
  auto made =
      CreateFile(guarantee, name, mode, std::move(slot), owner, O_RDONLY);
  if (!made.ok()) return made.error();
  return std::move(made->child);
}

base::ErrnoOr<lisafs::ControlFdAndStat> HostControlFd::Symlink(
    const lisafs::WriteGuarantee& guarantee, absl::string_view name,
    absl::string_view target, lisafs::Owner owner) {
  const CString c_name(name);
  if (!c_name.ok()) return c_name.error();
  const CString c_target(target);
  if (!c_target.ok()) return c_target.error();
  lisafs::QuotaSlot slot = connection().TakeFdSlot();
  if (!slot) return base::Errno(EMFILE);
  if (::symlinkat(c_target.get(), host_fd(), c_name.get()) != 0) {
    return base::Errno::Last();
  }
  NewFile new_file(host_fd(), c_name.get(), 0);
  auto child = AdoptNewChild(guarantee, name, c_name.get(), std::move(slot),
                             S_IFLNK, owner);
  if (child.ok()) new_file.Keep();
  return child;
}

base::ErrnoOr<lisafs::ControlFdAndStat> HostControlFd::Link(
    const lisafs::ReadGuarantee&,
    const lisafs::WriteGuarantee& directory_guarantee,
    lisafs::ControlFd& directory, absl::string_view name) {
  auto& parent = static_cast<HostControlFd&>(directory);
  const CString c_name(name);
  if (!c_name.ok()) return c_name.error();
  lisafs::QuotaSlot slot = connection().TakeFdSlot();
  if (!slot) return base::Errno(EMFILE);
  const auto linked =
      backend_.proc_self_fd().Link(host_fd(), parent.host_fd(), c_name.get());
  if (!linked.ok()) return linked.error();
  NewFile new_file(parent.host_fd(), c_name.get(), 0);
  auto fd = base::SyscallFd([&] {
    return ::openat(parent.host_fd(), c_name.get(), kControlOpenFlags);
  });
  if (!fd.ok()) return fd.error();
  const auto stat = backend_.StatServed(fd->get(), parent.device_);
  if (!stat.ok()) return stat.error();
  auto child = parent.MakeChild(directory_guarantee, name, std::move(slot),
                                *std::move(fd), *stat);
  if (child.ok()) new_file.Keep();
  return child;
}

base::UniqueFd HostControlFd::HoldEntry(absl::string_view name) {
  const CString c_name(name);
  struct stat stat;
  if (!c_name.ok() ||
      ::fstatat(host_fd(), c_name.get(), &stat, AT_SYMLINK_NOFOLLOW) != 0 ||
      !S_ISREG(stat.st_mode) || stat.st_nlink > 1 ||
      stat.st_blocks < kSlowToFree) {
    return {};
  }
  return base::UniqueFd(::openat(host_fd(), c_name.get(), kControlOpenFlags));
}

base::ErrnoOr<void> HostControlFd::Unlink(const lisafs::WriteGuarantee&,
                                          absl::string_view name,
                                          uint32_t flags) {
  const CString c_name(name);
  if (!c_name.ok()) return c_name.error();
  return base::SyscallVoid([&] {
    return ::unlinkat(host_fd(), c_name.get(), static_cast<int>(flags));
  });
}

base::ErrnoOr<void> HostControlFd::Rename(const lisafs::GlobalGuarantee&,
                                          absl::string_view old_name,
                                          lisafs::ControlFd& new_directory,
                                          absl::string_view new_name,
                                          uint32_t flags) {
  const int to = static_cast<HostControlFd&>(new_directory).host_fd();
  const CString c_old(old_name);
  if (!c_old.ok()) return c_old.error();
  const CString c_new(new_name);
  if (!c_new.ok()) return c_new.error();
  return base::SyscallVoid([&] {
    // Without flags also on file systems that know no renameat2(2).
    return flags == 0
               ? ::renameat(host_fd(), c_old.get(), to, c_new.get())
               : ::renameat2(host_fd(), c_old.get(), to, c_new.get(), flags);
  });
}

base::ErrnoOr<HostControlFd::NewRegularFile> HostControlFd::CreateFile(
    const lisafs::WriteGuarantee& guarantee, absl::string_view name,
    uint32_t mode, lisafs::QuotaSlot slot, lisafs::Owner owner,
    uint32_t flags) {
  const CString c_name(name);
  if (!c_name.ok()) return c_name.error();
  auto file = base::SyscallFd([&] {
    return ::openat(host_fd(), c_name.get(), CreateFlags(flags),
                    PermissionBits(mode));
  });
  if (!file.ok()) return file.error();
  NewFile new_file(host_fd(), c_name.get(), 0);
  auto control =
      backend_.proc_self_fd().Reopen(file->get(), O_PATH | O_CLOEXEC);
  if (!control.ok()) return control.error();
  auto child = MakeNewChild(guarantee, name, std::move(slot),
                            *std::move(control), owner);
  if (!child.ok()) return child.error();
  new_file.Keep();
  return NewRegularFile{*std::move(child), *std::move(file)};
}

base::ErrnoOr<lisafs::ControlFdAndStat> HostControlFd::AdoptNewChild(
    const lisafs::WriteGuarantee& guarantee, absl::string_view name,
    const char* c_name, lisafs::QuotaSlot slot, uint32_t type,
    lisafs::Owner owner) {
  const int only_directory = type == S_IFDIR ? O_DIRECTORY : 0;
  auto fd = base::SyscallFd([&] {
    return ::openat(host_fd(), c_name, kControlOpenFlags | only_directory);
  });
  if (!fd.ok()) return fd.error();
  if (type != S_IFDIR) {
    // Otherwise a hard link that a process of the host put in the new file's
    // place would be given away.
    const auto stat = StatFd(fd->get(), backend_.level());
    if (!stat.ok()) return stat.error();
    if ((stat->mode & S_IFMT) != type) return base::Errno(ESTALE);
  }
  return MakeNewChild(guarantee, name, std::move(slot), *std::move(fd), owner);
}

base::ErrnoOr<lisafs::ControlFdAndStat> HostControlFd::MakeNewChild(
    const lisafs::WriteGuarantee& guarantee, absl::string_view name,
    lisafs::QuotaSlot slot, base::UniqueFd host_fd, lisafs::Owner owner) {
  const auto changed = ChangeOwner(host_fd.get(), owner);
  if (!changed.ok()) return changed.error();
  const auto stat = StatFd(host_fd.get(), backend_.level());
  if (!stat.ok()) return stat.error();
  return MakeChild(guarantee, name, std::move(slot), std::move(host_fd), *stat);
}

base::ErrnoOr<void> HostControlFd::ChangeOwner(int fd,
                                               lisafs::Owner owner) const {
  // Nov 2023 calls fchownat even without ids: the kernel then clears set-id
  // bits.
  if (backend_.level() != lisafs::ProtocolLevel::kNov2023 &&
      owner.uid == wire::kNoId && owner.gid == wire::kNoId) {
    return {};
  }
  return base::SyscallVoid([&] {
    return ::fchownat(fd, "", owner.uid, owner.gid,
                      AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW);
  });
}

}  // namespace gofer::hostfs
