#include "server/hostfs/stat_convert.h"

#include <fcntl.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace gofer::hostfs {
namespace {

wire::Timestamp FromTimespec(const timespec& time) {
  return {.sec = time.tv_sec, .nsec = static_cast<uint32_t>(time.tv_nsec)};
}

wire::Timestamp FromStatxTime(const struct statx_timestamp& time) {
  return {.sec = time.tv_sec, .nsec = time.tv_nsec};
}

base::ErrnoOr<wire::Statx> CallStatx(int directory, const char* name,
                                     int flags) {
  struct statx stat;
  if (::statx(directory, name, flags | AT_SYMLINK_NOFOLLOW,
              STATX_BASIC_STATS | STATX_BTIME, &stat) != 0) {
    return base::Errno::Last();
  }
  return FromStatx(stat);
}

}  // namespace

wire::Statx FromStat(const struct stat& stat) {
  return {
      .mask = STATX_BASIC_STATS,
      .blksize = static_cast<uint32_t>(stat.st_blksize),
      .nlink = static_cast<uint32_t>(stat.st_nlink),
      .uid = stat.st_uid,
      .gid = stat.st_gid,
      .mode = static_cast<uint16_t>(stat.st_mode),
      .ino = stat.st_ino,
      .size = static_cast<uint64_t>(stat.st_size),
      .blocks = static_cast<uint64_t>(stat.st_blocks),
      .atime = FromTimespec(stat.st_atim),
      .ctime = FromTimespec(stat.st_ctim),
      .mtime = FromTimespec(stat.st_mtim),
      .rdev_major = major(stat.st_rdev),
      .rdev_minor = minor(stat.st_rdev),
      .dev_major = major(stat.st_dev),
      .dev_minor = minor(stat.st_dev),
  };
}

wire::Statx FromStatx(const struct statx& stat) {
  return {
      .mask = stat.stx_mask,
      .blksize = stat.stx_blksize,
      .nlink = stat.stx_nlink,
      .uid = stat.stx_uid,
      .gid = stat.stx_gid,
      .mode = stat.stx_mode,
      .ino = stat.stx_ino,
      .size = stat.stx_size,
      .blocks = stat.stx_blocks,
      .atime = FromStatxTime(stat.stx_atime),
      .btime = FromStatxTime(stat.stx_btime),
      .ctime = FromStatxTime(stat.stx_ctime),
      .mtime = FromStatxTime(stat.stx_mtime),
      .rdev_major = stat.stx_rdev_major,
      .rdev_minor = stat.stx_rdev_minor,
      .dev_major = stat.stx_dev_major,
      .dev_minor = stat.stx_dev_minor,
  };
}

wire::StatFs FromStatFs(const struct statfs& stat) {
  return {
      .type = static_cast<uint64_t>(stat.f_type),
      .block_size = static_cast<int64_t>(stat.f_bsize),
      .blocks = stat.f_blocks,
      .blocks_free = stat.f_bfree,
      .blocks_available = stat.f_bavail,
      .files = stat.f_files,
      .files_free = stat.f_ffree,
      .name_length = static_cast<uint64_t>(stat.f_namelen),
  };
}

base::ErrnoOr<wire::Statx> StatFd(int fd, lisafs::ProtocolLevel level) {
  if (level != lisafs::ProtocolLevel::kNov2023) {
    return CallStatx(fd, "", AT_EMPTY_PATH);
  }
  // glibc's fstat goes through newfstatat and its path handling.
  struct stat stat;
  if (::syscall(SYS_fstat, fd, &stat) != 0) return base::Errno::Last();
  return FromStat(stat);
}

base::ErrnoOr<wire::Statx> StatAt(int directory, const char* name,
                                  lisafs::ProtocolLevel level) {
  if (level != lisafs::ProtocolLevel::kNov2023) {
    return CallStatx(directory, name, 0);
  }
  struct stat stat;
  if (::fstatat(directory, name, &stat, AT_SYMLINK_NOFOLLOW) != 0) {
    return base::Errno::Last();
  }
  return FromStat(stat);
}

bool IsServedType(uint32_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
    case S_IFDIR:
    case S_IFLNK:
    case S_IFCHR:
    case S_IFSOCK:
    case S_IFIFO:
      return true;
    default:
      return false;
  }
}

}  // namespace gofer::hostfs
