// MemoryInode: one file of a MemoryFs.

#ifndef GOFER_TESTS_SUPPORT_MEMORY_INODE_H_
#define GOFER_TESTS_SUPPORT_MEMORY_INODE_H_

#include <time.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/base/errno.h"
#include "server/base/mutex.h"
#include "server/base/unique_fd.h"
#include "server/lisafs/control_fd.h"
#include "server/wire/messages/stat.h"
#include "server/wire/statx.h"

namespace gofer::test {

// Behaves as an inode of Linux; methods return the kernel's errnos. Owned by
// the directories it is in and the FDs on it. Its mutex stands for the kernel's
// own: hard links let two positions of the tree share one file, a link is made
// under the target's read guarantee, and Mount and the test look in from
// outside. What the guarantees promise is checked by GuaranteeWitness.
class MemoryInode {
 public:
  struct Entry {
    uint64_t cookie;
    std::string name;
    std::shared_ptr<MemoryInode> inode;
  };

  // `mode` has type bits. `target` is a symlink's.
  MemoryInode(uint64_t ino, uint32_t mode, lisafs::Owner owner,
              uint32_t rdev_major = 0, uint32_t rdev_minor = 0,
              std::string target = {});

  uint64_t ino() const { return ino_; }
  uint32_t type() const { return type_; }
  const std::string& target() const { return target_; }

  // ATTRIBUTES

  wire::Statx Stat() const;
  // `mode` is permissions.
  void SetMode(uint32_t mode);
  void SetTimes(const timespec* atime, const timespec* mtime);
  // As chown(2): also without a change, a regular file loses its set-id bits.
  void SetOwner(lisafs::Owner owner);
  void AddLinks(int n);

  std::map<std::string, std::string> xattrs() const;
  base::ErrnoOr<void> SetXattr(absl::string_view name, absl::string_view value,
                               uint32_t flags);
  base::ErrnoOr<void> RemoveXattr(absl::string_view name);

  // CONTENT

  // An open file of the content. Regular files are memory files, character
  // devices act as /dev/null, FIFOs are pipes.
  base::ErrnoOr<base::UniqueFd> OpenContent(uint32_t flags);
  base::ErrnoOr<void> Truncate(uint64_t size);
  // The content was written to.
  void Touch();

  // The socket's listener in the host, shared with the BoundSocketFd; null when
  // nobody is bound.
  std::shared_ptr<base::UniqueFd> socket() const;
  void set_socket(std::shared_ptr<base::UniqueFd> socket);

  // DIRECTORY

  // ENOTDIR, ENAMETOOLONG, ENOENT.
  base::ErrnoOr<std::shared_ptr<MemoryInode>> Lookup(
      absl::string_view name) const;
  // Also EEXIST, and ENOENT when this directory has been removed.
  base::ErrnoOr<void> Insert(absl::string_view name,
                             std::shared_ptr<MemoryInode> inode);
  // Puts `inode` in the place of the entry `name`, keeping its cookie.
  void Replace(absl::string_view name, std::shared_ptr<MemoryInode> inode);
  void Erase(absl::string_view name);
  // Marks an empty directory as removed; ENOTEMPTY.
  base::ErrnoOr<void> Remove();
  // The first entry whose cookie is at least `cookie`; false at the end.
  bool EntryFrom(uint64_t cookie, Entry* entry) const;
  std::vector<Entry> Entries() const;

 private:
  base::ErrnoOr<int> ContentLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void ChangedLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const uint64_t ino_;
  const uint32_t type_;
  const uint32_t rdev_major_;
  const uint32_t rdev_minor_;
  const std::string target_;

  mutable base::Mutex mu_;
  uint32_t permissions_ ABSL_GUARDED_BY(mu_);
  lisafs::Owner owner_ ABSL_GUARDED_BY(mu_);
  int64_t links_ ABSL_GUARDED_BY(mu_) = 0;
  timespec atime_ ABSL_GUARDED_BY(mu_);
  timespec mtime_ ABSL_GUARDED_BY(mu_);
  timespec ctime_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, std::string> xattrs_ ABSL_GUARDED_BY(mu_);
  // Made when first needed: a test may have more files than FDs.
  base::UniqueFd content_ ABSL_GUARDED_BY(mu_);
  std::shared_ptr<base::UniqueFd> socket_ ABSL_GUARDED_BY(mu_);
  bool removed_ ABSL_GUARDED_BY(mu_) = false;
  uint64_t next_cookie_ ABSL_GUARDED_BY(mu_) = 1;
  std::map<uint64_t, Entry> entries_ ABSL_GUARDED_BY(mu_);
  std::map<std::string, uint64_t> cookies_ ABSL_GUARDED_BY(mu_);
};

}  // namespace gofer::test

#endif  // GOFER_TESTS_SUPPORT_MEMORY_INODE_H_
