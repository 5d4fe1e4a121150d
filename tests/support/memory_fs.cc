#include "tests/support/memory_fs.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>

#include <utility>

#include "server/lisafs/mount_path.h"

namespace gofer::test {
namespace {

// How the link count of the directory changes with an entry of `inode`.
int Subdirectories(const MemoryInode& inode) {
  return inode.type() == S_IFDIR ? 1 : 0;
}

}  // namespace

MemoryFs::MemoryFs() : root_(NewInode(S_IFDIR | 0755, lisafs::Owner{0, 0})) {
  root_->AddLinks(2);
}

MemoryFs::InodePtr MemoryFs::NewInode(uint32_t mode, lisafs::Owner owner,
                                      uint32_t rdev_major, uint32_t rdev_minor,
                                      std::string target) {
  return std::make_shared<MemoryInode>(next_ino_.fetch_add(1), mode, owner,
                                       rdev_major, rdev_minor,
                                       std::move(target));
}

base::ErrnoOr<MemoryFs::InodePtr> MemoryFs::Resolve(
    absl::string_view path) const {
  InodePtr inode = root_;
  for (const absl::string_view name : lisafs::PathComponents(path)) {
    base::ErrnoOr<InodePtr> next = inode->Lookup(name);
    if (!next.ok()) return next.error();
    inode = *std::move(next);
  }
  return inode;
}

base::ErrnoOr<void> MemoryFs::Add(MemoryInode& directory,
                                  absl::string_view name,
                                  const InodePtr& inode) {
  auto added = directory.Insert(name, inode);
  if (!added.ok()) return added;
  inode->AddLinks(1 + Subdirectories(*inode));
  directory.AddLinks(Subdirectories(*inode));
  return {};
}

base::ErrnoOr<void> MemoryFs::Unlink(MemoryInode& directory,
                                     absl::string_view name, uint32_t flags) {
  if ((flags & ~uint32_t{AT_REMOVEDIR}) != 0) return base::Errno(EINVAL);
  const auto victim = directory.Lookup(name);
  if (!victim.ok()) return victim.error();
  const bool is_directory = (*victim)->type() == S_IFDIR;
  if (flags == 0 && is_directory) return base::Errno(EISDIR);
  if (flags != 0 && !is_directory) return base::Errno(ENOTDIR);
  if (is_directory) {
    if (auto removed = (*victim)->Remove(); !removed.ok()) return removed;
  }
  directory.Erase(name);
  (*victim)->AddLinks(-1 - Subdirectories(**victim));
  directory.AddLinks(-Subdirectories(**victim));
  return {};
}

base::ErrnoOr<void> MemoryFs::ReplaceTarget(const MemoryInode& moved,
                                            MemoryInode& replaced) {
  const bool moves_directory = moved.type() == S_IFDIR;
  const bool onto_directory = replaced.type() == S_IFDIR;
  if (moves_directory && !onto_directory) return base::Errno(ENOTDIR);
  if (!moves_directory && onto_directory) return base::Errno(EISDIR);
  if (onto_directory) return replaced.Remove();
  return {};
}

base::ErrnoOr<void> MemoryFs::Rename(MemoryInode& old_directory,
                                     absl::string_view old_name,
                                     MemoryInode& new_directory,
                                     absl::string_view new_name, uint32_t flags,
                                     bool into_itself) {
  constexpr uint32_t kKnown = RENAME_NOREPLACE | RENAME_EXCHANGE;
  if ((flags & ~kKnown) != 0 || flags == kKnown) return base::Errno(EINVAL);
  const auto moved = old_directory.Lookup(old_name);
  if (!moved.ok()) return moved.error();
  const auto replaced = new_directory.Lookup(new_name);
  if (!replaced.ok() && replaced.error() != base::Errno(ENOENT)) {
    return replaced.error();
  }
  if (replaced.ok() && flags == RENAME_NOREPLACE) return base::Errno(EEXIST);
  if (!replaced.ok() && flags == RENAME_EXCHANGE) return base::Errno(ENOENT);
  if (into_itself) {
    return base::Errno(replaced.ok() && flags == 0 ? ENOTEMPTY : EINVAL);
  }
  if (replaced.ok() && *moved == *replaced) return {};
  if (flags == RENAME_EXCHANGE) {
    old_directory.Replace(old_name, *replaced);
    new_directory.Replace(new_name, *moved);
    const int balance = Subdirectories(**replaced) - Subdirectories(**moved);
    old_directory.AddLinks(balance);
    new_directory.AddLinks(-balance);
    return {};
  }
  if (replaced.ok()) {
    if (auto replaceable = ReplaceTarget(**moved, **replaced);
        !replaceable.ok()) {
      return replaceable;
    }
    new_directory.Erase(new_name);
    (*replaced)->AddLinks(-1 - Subdirectories(**replaced));
    new_directory.AddLinks(-Subdirectories(**replaced));
  }
  if (auto added = new_directory.Insert(new_name, *moved); !added.ok()) {
    return added;
  }
  old_directory.Erase(old_name);
  new_directory.AddLinks(Subdirectories(**moved));
  old_directory.AddLinks(-Subdirectories(**moved));
  return {};
}

std::shared_ptr<GuaranteeWitness> MemoryFs::WitnessOf(
    const lisafs::Node& node) {
  base::MutexLock lock(mu_);
  std::weak_ptr<GuaranteeWitness>& entry = witnesses_[&node];
  std::shared_ptr<GuaranteeWitness> witness = entry.lock();
  if (!witness) {
    witness = std::make_shared<GuaranteeWitness>();
    entry = witness;
  }
  return witness;
}

}  // namespace gofer::test
