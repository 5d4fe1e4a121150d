#include "server/sandbox/procfs_stripper.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/base/mount_info.h"
#include "server/base/syscall.h"
#include "server/base/unique_fd.h"

namespace gofer::sandbox {
namespace {

// Far more rounds than there are mounts, unless somebody makes mounts
// meanwhile.
constexpr int kMostSteps = 10'000;

// Of Linux 6.8, younger than Debian 12's headers.
constexpr long kStatmount = 457;
constexpr long kListmount = 458;
constexpr unsigned kStatxMountIdUnique = 0x4000;
constexpr uint64_t kStatmountSuperBlock = 1;
constexpr size_t kMostMounts = 64;

struct MountRequest {
  uint32_t size = sizeof(MountRequest);
  uint32_t spare = 0;
  uint64_t mount_id = 0;
  uint64_t parameter = 0;
};
static_assert(sizeof(MountRequest) == 24);

// The beginning of struct statmount.
struct MountAnswer {
  uint32_t size;
  uint32_t options;
  uint64_t mask;
  uint32_t device_major;
  uint32_t device_minor;
  uint64_t magic;
};
static_assert(sizeof(MountAnswer) == 32);

bool MayBeProcfs(uint64_t mount_id) {
  const MountRequest request = {.mount_id = mount_id,
                                .parameter = kStatmountSuperBlock};
  MountAnswer answer = {};
  return ::syscall(kStatmount, &request, &answer, sizeof(answer), 0) != 0 ||
         (answer.mask & kStatmountSuperBlock) == 0 ||
         answer.magic == PROC_SUPER_MAGIC;
}

base::ErrnoOr<uint64_t> MountIdOf(int fd) {
  struct statx stat;
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stat) != 0) {
    return base::Errno::Last();
  }
  return uint64_t{stat.stx_mnt_id};
}

class Stripper {
 public:
  Stripper(int root, int mount_info) : root_(root), mount_info_(mount_info) {}

  base::ErrnoOr<void> Run() {
    for (int step = 0; step < kMostSteps; ++step) {
      if (auto read = ReadTree(); !read.ok()) return read;
      const base::MountInfo* const procfs = NextProcfs();
      if (procfs == nullptr) return PutCoversBack();
      if (auto taken = Take(*procfs); !taken.ok()) return taken;
    }
    return base::Errno(ELOOP);
  }

 private:
  struct Cover {
    std::string path;
    base::UniqueFd clone;
  };

  // The mounts at and below the root, by id.
  base::ErrnoOr<void> ReadTree() {
    const auto id = MountIdOf(root_);
    if (!id.ok()) return id.error();
    root_id_ = *id;
    const auto text = base::ReadMountInfo(mount_info_);
    if (!text.ok()) return text.error();
    mounts_.clear();
    // A mount is listed after the one it is on.
    for (base::MountInfo& mount : base::ParseMountInfo(*text)) {
      if (mount.id == root_id_ || mounts_.contains(mount.parent)) {
        mounts_.emplace(mount.id, std::move(mount));
      }
    }
    return {};
  }

  const base::MountInfo* NextProcfs() const {
    for (const auto& [id, mount] : mounts_) {
      if (mount.type == "proc" && !settled_.contains(id)) return &mount;
    }
    return nullptr;
  }

  // The path without a slash at its beginning.
  std::string PathInTree(const base::MountInfo& mount) const {
    std::string prefix = mounts_.at(root_id_).mount_point;
    if (prefix == "/") prefix.clear();
    const std::string path = mount.mount_point.substr(
        std::min(prefix.size() + 1, mount.mount_point.size()));
    return path.empty() ? "." : path;
  }

  base::ErrnoOr<base::UniqueFd> Open(const std::string& path) const {
    open_how how = {};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    return base::SyscallFd([&] {
      return static_cast<int>(
          ::syscall(SYS_openat2, root_, path.c_str(), &how, sizeof(how)));
    });
  }

  base::ErrnoOr<void> Take(const base::MountInfo& procfs) {
    if (procfs.id == root_id_) return base::Errno(EINVAL);
    const std::string path = PathInTree(procfs);
    const auto top = Open(path);
    // The mount point is out of sight, below what has been mounted over its
    // parents.
    if (!top.ok()) return Settle(procfs);
    const auto top_id = MountIdOf(top->get());
    if (!top_id.ok()) return top_id.error();
    if (*top_id == procfs.id) return Unmount(procfs, top->get());
    if (!IsCover(*top_id, procfs)) return Settle(procfs);
    const auto lifted = Lift(path, top->get());
    // Locked: then nobody else takes it away, either.
    if (!lifted.ok() && lifted.error() == base::Errno(EINVAL)) {
      return Settle(procfs);
    }
    return lifted;
  }

  base::ErrnoOr<void> Settle(const base::MountInfo& procfs) {
    settled_.insert(procfs.id);
    return {};
  }

  // Whether the mount `id` lies on `procfs`, directly or on others that do.
  bool IsCover(uint64_t id, const base::MountInfo& procfs) const {
    for (auto mount = mounts_.find(id); mount != mounts_.end();
         mount = mounts_.find(mount->second.parent)) {
      if (mount->second.id == procfs.id) return true;
      if (mount->second.mount_point != procfs.mount_point) return false;
    }
    return false;
  }

  // A path could be led elsewhere meanwhile, the working directory cannot.
  static base::ErrnoOr<void> UnmountTop(int fd) {
    return base::SyscallVoid([fd] {
      if (::fchdir(fd) != 0) return -1;
      return ::umount2(".", MNT_DETACH);
    });
  }

  base::ErrnoOr<void> Unmount(const base::MountInfo& procfs, int fd) {
    const auto unmounted = UnmountTop(fd);
    if (unmounted.ok() || unmounted.error() != base::Errno(EINVAL)) {
      return unmounted;
    }
    settled_.insert(procfs.id);
    return base::SyscallVoid([] {
      return ::mount("none", ".", "tmpfs",
                     MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
    });
  }

  base::ErrnoOr<void> Lift(const std::string& path, int fd) {
    auto clone = base::SyscallFd([fd] {
      return ::open_tree(
          fd, "",
          OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);
    });
    if (!clone.ok()) return clone.error();
    if (auto unmounted = UnmountTop(fd); !unmounted.ok()) return unmounted;
    covers_.push_back({path, *std::move(clone)});
    return {};
  }

  base::ErrnoOr<void> PutCoversBack() {
    for (auto cover = covers_.rbegin(); cover != covers_.rend(); ++cover) {
      const auto point = Open(cover->path);
      if (!point.ok()) return point.error();
      const auto moved = base::SyscallVoid([&] {
        return ::move_mount(cover->clone.get(), "", point->get(), "",
                            MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
      });
      if (!moved.ok()) return moved;
    }
    return {};
  }

  const int root_;
  const int mount_info_;
  uint64_t root_id_ = 0;
  std::map<uint64_t, base::MountInfo> mounts_;
  // Mounts that are out of sight, or that we have covered.
  std::set<uint64_t> settled_;
  // Mounts that lay on top, the uppermost first.
  std::vector<Cover> covers_;
};

}  // namespace

base::ErrnoOr<void> StripProcfs(int root, int mount_info) {
  return Stripper(root, mount_info).Run();
}

bool MayHoldProcfs(int root) {
  struct statx stat = {};
  if (::statx(root, "", AT_EMPTY_PATH, kStatxMountIdUnique, &stat) != 0 ||
      (stat.stx_mask & kStatxMountIdUnique) == 0 ||
      MayBeProcfs(stat.stx_mnt_id)) {
    return true;
  }
  const MountRequest request = {.mount_id = stat.stx_mnt_id};
  std::array<uint64_t, kMostMounts> below;
  const long count =
      ::syscall(kListmount, &request, below.data(), below.size(), 0);
  if (count < 0 || static_cast<size_t>(count) == below.size()) return true;
  return std::any_of(below.begin(), below.begin() + count, MayBeProcfs);
}

}  // namespace gofer::sandbox
