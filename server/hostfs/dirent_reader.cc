#include "server/hostfs/dirent_reader.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>

#include "absl/strings/string_view.h"

namespace gofer::hostfs {
namespace {

// One getdents64 fetches as much as eight with gVisor's 8 KiB.
constexpr size_t kBufferSize = 65536;
// Entries of a portion from which on it pays to prove their device.
constexpr size_t kProofPays = 6;
// The longest entry of a name of 255 bytes, and the shortest of all.
constexpr size_t kLongestEntry = 280;
constexpr size_t kShortestEntry = 24;

// The kernel's struct linux_dirent64; reclen counts padding too.
constexpr size_t kInoAt = 0;
constexpr size_t kOffAt = 8;
constexpr size_t kReclenAt = 16;
constexpr size_t kTypeAt = 18;
constexpr size_t kNameAt = 19;

struct RawEntry {
  uint64_t ino;
  int64_t off;
  uint16_t reclen;
  uint8_t type;
  const char* name;  // NUL-terminated.
};

// Whether all files of a file system, mount points aside, are on one device.
// That is false for btrfs (each subvolume has its own) and overlayfs
// (directories differ from files), and unknown for network file systems and
// FUSE.
bool HasOneDevice(const struct statfs& fs) {
  switch (static_cast<uint32_t>(fs.f_type)) {
    case EXT4_SUPER_MAGIC:  // ext2 and ext3, too.
    case XFS_SUPER_MAGIC:
    case TMPFS_MAGIC:
    case RAMFS_MAGIC:
    case F2FS_SUPER_MAGIC:
      return true;
    default:
      return false;
  }
}

bool IsDots(absl::string_view name) { return name == "." || name == ".."; }

}  // namespace

// The result of one getdents64.
class DirentReader::Batch {
 public:
  Batch(const std::byte* data, size_t size) : data_(data), size_(size) {}

  // The entry at `*at`, which is moved behind it; none at the end.
  std::optional<RawEntry> Next(size_t* at) const {
    if (*at >= size_) return std::nullopt;
    const std::byte* const raw = data_ + *at;
    RawEntry entry;
    std::memcpy(&entry.ino, raw + kInoAt, sizeof(entry.ino));
    std::memcpy(&entry.off, raw + kOffAt, sizeof(entry.off));
    std::memcpy(&entry.reclen, raw + kReclenAt, sizeof(entry.reclen));
    std::memcpy(&entry.type, raw + kTypeAt, sizeof(entry.type));
    entry.name = reinterpret_cast<const char*>(raw + kNameAt);
    *at += entry.reclen;
    return entry;
  }

  bool HasMoreThan(size_t count) const {
    size_t at = 0;
    for (size_t i = 0; i <= count; ++i) {
      if (!Next(&at)) return false;
    }
    return true;
  }

 private:
  const std::byte* const data_;
  const size_t size_;
};

base::ErrnoOr<void> DirentReader::Read(uint64_t count, Position position,
                                       wire::ArrayWriter<wire::Dirent64>& out) {
  base::MutexLock lock(mu_);
  if (position == Position::kRestart) {
    if (::lseek(directory_, 0, SEEK_SET) < 0) return base::Errno::Last();
    next_ = 0;
  }
  const auto buffer = std::make_unique_for_overwrite<std::byte[]>(
      std::min<uint64_t>(count, kBufferSize));
  uint64_t used = 0;
  uint64_t seen = 0;
  while (count - used >= kShortestEntry) {
    const size_t size = std::min<uint64_t>(count - used, kBufferSize);
    const long got = ::syscall(SYS_getdents64, directory_, buffer.get(), size);
    if (got == 0) break;
    if (got < 0) {
      // The next entry is longer than what is left of `count`.
      if (errno == EINVAL && size < kLongestEntry) break;
      if (out.count() > 0) break;
      return base::Errno::Last();
    }
    const auto end =
        EmitLocked(Batch(buffer.get(), static_cast<size_t>(got)), used, out);
    if (!end.ok()) return end.error();
    if (*end == BatchEnd::kOutFull) break;
    seen += static_cast<uint64_t>(got);
    if (seen - used > kMostSkipped) {
      // No entries at all would mean the end of the directory.
      if (out.count() == 0) return base::Errno(EAGAIN);
      break;
    }
  }
  return {};
}

base::ErrnoOr<DirentReader::BatchEnd> DirentReader::EmitLocked(
    const Batch& batch, uint64_t& used,
    wire::ArrayWriter<wire::Dirent64>& out) {
  std::shared_ptr<const MountTable::Names> mount_points;
  if (batch.HasMoreThan(kProofPays)) mount_points = MountPointNamesLocked();
  size_t at = 0;
  while (const std::optional<RawEntry> raw = batch.Next(&at)) {
    const absl::string_view name = raw->name;
    if (IsDots(name)) {
      next_ = raw->off;
      continue;
    }
    std::optional<Device> device = info_.device;
    if (mount_points == nullptr || mount_points->contains(name)) {
      device = DeviceLocked(raw->name);
    }
    if (!device.has_value()) {
      next_ = raw->off;
      continue;
    }
    if (!out.Append({.ino = raw->ino,
                     .dev_minor = device->minor,
                     .dev_major = device->major,
                     .off = static_cast<uint64_t>(raw->off),
                     .type = raw->type,
                     .name = name})) {
      // The kernel is past this entry; the next call must begin with it.
      if (::lseek(directory_, next_, SEEK_SET) < 0) return base::Errno::Last();
      return BatchEnd::kOutFull;
    }
    used += raw->reclen;
    next_ = raw->off;
  }
  return BatchEnd::kConsumed;
}

std::optional<DirentReader::Device> DirentReader::DeviceLocked(
    const char* name) {
  struct stat stat;
  if (::fstatat(directory_, name, &stat, AT_SYMLINK_NOFOLLOW) == 0) {
    return Device{.major = major(stat.st_dev), .minor = minor(stat.st_dev)};
  }
  // ENOENT: the entry has gone meanwhile. Otherwise it is there and only may
  // not be looked at, for example in a directory without search permission:
  // nobody can reach it, and any device will do.
  if (errno == ENOENT) return std::nullopt;
  return DirectoryLocked().device;
}

const DirentReader::Directory& DirentReader::DirectoryLocked() {
  if (looked_at_) return info_;
  looked_at_ = true;
  struct statfs fs;
  struct statx stat;
  if (::fstatfs(directory_, &fs) != 0 ||
      ::statx(directory_, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_MNT_ID,
              &stat) != 0) {
    return info_;
  }
  info_ = {.device = {.major = stat.stx_dev_major, .minor = stat.stx_dev_minor},
           .mount_id = stat.stx_mnt_id,
           .has_one_device =
               HasOneDevice(fs) && (stat.stx_mask & STATX_MNT_ID) != 0};
  return info_;
}

std::shared_ptr<const MountTable::Names> DirentReader::MountPointNamesLocked() {
  if (mounts_ == nullptr) return nullptr;
  const Directory& directory = DirectoryLocked();
  if (!directory.has_one_device) return nullptr;
  return mounts_->MountPointNames(directory.mount_id);
}

}  // namespace gofer::hostfs
