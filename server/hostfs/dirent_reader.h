// DirentReader: lists one open directory in portions.

#ifndef GOFER_SERVER_HOSTFS_DIRENT_READER_H_
#define GOFER_SERVER_HOSTFS_DIRENT_READER_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "server/base/errno.h"
#include "server/base/mutex.h"
#include "server/hostfs/mount_table.h"
#include "server/lisafs/open_fd.h"
#include "server/wire/array_writer.h"
#include "server/wire/dirent64.h"

namespace gofer::hostfs {

// The host is asked for the device of each entry, unless it is known to be the
// directory's: on file systems where all files have one device, for names that
// are not mount points. See README.md.
//
// Borrows the directory and the mount table, which must outlive it. Calls may
// come from several threads; they are served one after the other.
class DirentReader {
 public:
  using Position = lisafs::OpenFd::Position;

  // Bytes of struct linux_dirent64.
  static constexpr uint64_t kMostSkipped = uint64_t{1} << 20;

  // `directory`: open for reading, at its start, its offset used by nobody
  // else. `mounts` may be null.
  DirentReader(int directory, MountTable* mounts)
      : directory_(directory), mounts_(mounts) {}

  // As lisafs::OpenFd::Getdents, but reads at most `count` bytes of entries
  // that are appended and kMostSkipped of entries that are gone when looked at:
  // more of these would keep the caller, and its locks, busy. EAGAIN when all
  // were gone; the next call goes on from there. An error after entries have
  // been appended is kept back: the next call meets it again.
  base::ErrnoOr<void> Read(uint64_t count, Position position,
                           wire::ArrayWriter<wire::Dirent64>& out);

 private:
  struct Device {
    uint32_t major;
    uint32_t minor;
  };
  // The directory itself, looked at once.
  struct Directory {
    Device device;
    uint64_t mount_id;
    bool has_one_device;
  };
  enum class BatchEnd { kConsumed, kOutFull };
  class Batch;

  base::ErrnoOr<BatchEnd> EmitLocked(const Batch& batch, uint64_t& used,
                                     wire::ArrayWriter<wire::Dirent64>& out)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Asks the host for the device of an entry; nothing when the entry is gone.
  std::optional<Device> DeviceLocked(const char* name)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  const Directory& DirectoryLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::shared_ptr<const MountTable::Names> MountPointNamesLocked()
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const int directory_;
  MountTable* const mounts_;

  base::Mutex mu_;
  // Where the entry after the last one consumed starts (a d_off).
  int64_t next_ ABSL_GUARDED_BY(mu_) = 0;
  bool looked_at_ ABSL_GUARDED_BY(mu_) = false;
  Directory info_ ABSL_GUARDED_BY(mu_) = {};
};

}  // namespace gofer::hostfs

#endif  // GOFER_SERVER_HOSTFS_DIRENT_READER_H_
