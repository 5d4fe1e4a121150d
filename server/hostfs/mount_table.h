// MountTable: which names in a mounted file system may be mount points of
// others. Proves, without looking at each file, that the entries of a directory
// lie on the directory's own mount.

#ifndef GOFER_SERVER_HOSTFS_MOUNT_TABLE_H_
#define GOFER_SERVER_HOSTFS_MOUNT_TABLE_H_

#include <cstdint>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "server/base/errno.h"
#include "server/base/mutex.h"
#include "server/base/unique_fd.h"

namespace gofer::hostfs {

// Owns an open /proc/self/mountinfo. Reads it once, and again when the kernel
// says (by POLLPRI) that it changed. Mounts are told apart by their kernel ids
// and not by paths, which depend on the reader's root directory. Thread-safe.
class MountTable {
 public:
  // The last path components of the mount points directly on one mount.
  using Names = absl::flat_hash_set<std::string>;
  // By mount id; every listed mount has an entry.
  using Snapshot = absl::flat_hash_map<uint64_t, std::shared_ptr<Names>>;

  // Errors: those of open(2).
  static base::ErrnoOr<base::UniqueFd> OpenMountInfo();

  explicit MountTable(base::UniqueFd mount_info)
      : mount_info_(std::move(mount_info)) {}

  // The names of the mount points on mount `mount_id` (STATX_MNT_ID): a file on
  // that mount with another name is not a mount point. Null when nothing is
  // known: the mount is in another namespace or outside of the root directory,
  // or the table is unreadable.
  std::shared_ptr<const Names> MountPointNames(uint64_t mount_id);

  // Parses the text of a mountinfo file, leaving out lines that it cannot
  // parse.
  static Snapshot Parse(absl::string_view text);

 private:
  bool ChangedLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void ReadLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const base::UniqueFd mount_info_;

  base::Mutex mu_;
  bool read_ ABSL_GUARDED_BY(mu_) = false;
  Snapshot snapshot_ ABSL_GUARDED_BY(mu_);
};

}  // namespace gofer::hostfs

#endif  // GOFER_SERVER_HOSTFS_MOUNT_TABLE_H_
