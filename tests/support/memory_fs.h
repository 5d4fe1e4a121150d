// MemoryFs: a file system in memory, for MemoryBackend and for tests that look
// at it from outside.

#ifndef GOFER_TESTS_SUPPORT_MEMORY_FS_H_
#define GOFER_TESTS_SUPPORT_MEMORY_FS_H_

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "server/base/errno.h"
#include "server/base/mutex.h"
#include "server/lisafs/control_fd.h"
#include "server/lisafs/node.h"
#include "tests/support/guarantee_witness.h"
#include "tests/support/memory_inode.h"

namespace gofer::test {

// Served by one Server at most; outlives it. Thread-safe as its inodes are;
// Rename needs the global guarantee.
class MemoryFs {
 public:
  using InodePtr = std::shared_ptr<MemoryInode>;

  MemoryFs();
  MemoryFs(const MemoryFs&) = delete;
  MemoryFs& operator=(const MemoryFs&) = delete;

  // Absolute `path`, no symlinks followed. ENOENT, ENOTDIR.
  base::ErrnoOr<InodePtr> Resolve(absl::string_view path) const;

  InodePtr NewInode(uint32_t mode, lisafs::Owner owner, uint32_t rdev_major = 0,
                    uint32_t rdev_minor = 0, std::string target = {});

  // Puts a new inode or another link into `directory`.
  static base::ErrnoOr<void> Add(MemoryInode& directory, absl::string_view name,
                                 const InodePtr& inode);
  // As unlinkat(2) and renameat2(2). `into_itself`: the new place lies in what
  // is moved, or the other way round.
  static base::ErrnoOr<void> Unlink(MemoryInode& directory,
                                    absl::string_view name, uint32_t flags);
  static base::ErrnoOr<void> Rename(MemoryInode& old_directory,
                                    absl::string_view old_name,
                                    MemoryInode& new_directory,
                                    absl::string_view new_name, uint32_t flags,
                                    bool into_itself);

  // The witness of a node that the caller has a reference on.
  std::shared_ptr<GuaranteeWitness> WitnessOf(const lisafs::Node& node);
  // That of the global guarantee.
  GuaranteeWitness& tree_witness() { return tree_witness_; }

 private:
  static base::ErrnoOr<void> ReplaceTarget(const MemoryInode& moved,
                                           MemoryInode& replaced);

  std::atomic<uint64_t> next_ino_ = 1;
  const InodePtr root_;
  GuaranteeWitness tree_witness_;

  base::Mutex mu_;
  // A dead node's witness has expired; its address may come again.
  std::map<const lisafs::Node*, std::weak_ptr<GuaranteeWitness>> witnesses_
      ABSL_GUARDED_BY(mu_);
};

}  // namespace gofer::test

#endif  // GOFER_TESTS_SUPPORT_MEMORY_FS_H_
