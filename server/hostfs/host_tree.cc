#include "server/hostfs/host_tree.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "server/base/syscall.h"
#include "server/hostfs/c_string.h"
#include "server/hostfs/mount_clone.h"
#include "server/hostfs/open_flags.h"

namespace gofer::hostfs {
namespace {

std::unique_ptr<MountTable> MakeMountTable(base::UniqueFd mount_info) {
  if (!mount_info.valid()) return nullptr;
  return std::make_unique<MountTable>(std::move(mount_info));
}

}  // namespace

base::ErrnoOr<std::shared_ptr<HostTree>> HostTree::Open(const char* root) {
  auto directory = base::SyscallFd(
      [&] { return ::open(root, O_PATH | O_DIRECTORY | O_CLOEXEC); });
  if (!directory.ok()) return directory.error();
  auto proc_self_fd = ProcSelfFd::OpenDirectory();
  if (!proc_self_fd.ok()) return proc_self_fd.error();
  auto mount_info = MountTable::OpenMountInfo();
  if (!mount_info.ok()) return mount_info.error();
  return std::make_shared<HostTree>(
      Descriptors{.root = *std::move(directory),
                  .proc_self_fd = *std::move(proc_self_fd),
                  .mount_info = *std::move(mount_info)});
}

HostTree::HostTree(Descriptors descriptors)
    : root_(std::move(descriptors.root)),
      proc_self_fd_(std::move(descriptors.proc_self_fd)),
      mounts_(MakeMountTable(std::move(descriptors.mount_info))) {}

base::ErrnoOr<base::UniqueFd> HostTree::OpenPath(absl::string_view path) const {
  const absl::string_view relative = absl::StripPrefix(path, "/");
  const CString name(relative.empty() ? "." : relative);
  if (!name.ok()) return name.error();
  open_how how = {};
  how.flags = kControlOpenFlags;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  auto opened = base::SyscallFd([&] {
    return static_cast<int>(
        ::syscall(SYS_openat2, root_.get(), name.get(), &how, sizeof(how)));
  });
  // EPERM: seccomp filters older than the system call say so.
  if (!opened.ok() && (opened.error() == base::Errno(ENOSYS) ||
                       opened.error() == base::Errno(EPERM))) {
    return WalkPath(relative);
  }
  return opened;
}

base::ErrnoOr<void> HostTree::CheckMountClone() const {
  const auto clone = CloneMount(root_.get(), lisafs::Access::kReadOnly);
  if (!clone.ok()) return clone.error();
  return {};
}

base::ErrnoOr<base::UniqueFd> HostTree::WalkPath(
    absl::string_view relative) const {
  const auto open_at = [](int directory, const char* name) {
    return base::SyscallFd(
        [&] { return ::openat(directory, name, kControlOpenFlags); });
  };
  auto current = open_at(root_.get(), ".");
  for (const absl::string_view component :
       absl::StrSplit(relative, '/', absl::SkipEmpty())) {
    if (!current.ok()) return current;
    if (component == "..") return base::Errno(EXDEV);
    const CString name(component);
    if (!name.ok()) return name.error();
    current = open_at(current->get(), name.get());
  }
  return current;
}

}  // namespace gofer::hostfs
