#include "tests/support/memory_inode.h"

#include <fcntl.h>
#include <linux/stat.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <algorithm>
#include <utility>

#include "server/base/syscall.h"

namespace gofer::test {
namespace {

constexpr size_t kMaxName = 255;
constexpr uint32_t kBasicStats = 0x7FF;

timespec Now() {
  timespec now;
  ::clock_gettime(CLOCK_REALTIME, &now);
  return now;
}

wire::Timestamp ToWire(const timespec& time) {
  return {time.tv_sec, static_cast<uint32_t>(time.tv_nsec)};
}

void ApplyTime(const timespec* wanted, timespec* time) {
  if (wanted == nullptr || wanted->tv_nsec == UTIME_OMIT) return;
  *time = wanted->tv_nsec == UTIME_NOW ? Now() : *wanted;
}

}  // namespace

MemoryInode::MemoryInode(uint64_t ino, uint32_t mode, lisafs::Owner owner,
                         uint32_t rdev_major, uint32_t rdev_minor,
                         std::string target)
    : ino_(ino),
      type_(mode & S_IFMT),
      rdev_major_(rdev_major),
      rdev_minor_(rdev_minor),
      target_(std::move(target)),
      permissions_(mode & 07777),
      owner_(owner),
      atime_(Now()),
      mtime_(atime_),
      ctime_(atime_) {
  if (owner_.uid == wire::kNoId) owner_.uid = 0;
  if (owner_.gid == wire::kNoId) owner_.gid = 0;
}

wire::Statx MemoryInode::Stat() const {
  base::MutexLock lock(mu_);
  wire::Statx stat;
  stat.mask = kBasicStats;
  stat.blksize = 4096;
  stat.nlink = static_cast<uint32_t>(links_);
  stat.uid = owner_.uid;
  stat.gid = owner_.gid;
  stat.mode = static_cast<uint16_t>(type_ | permissions_);
  stat.ino = ino_;
  struct stat content;
  if (type_ == S_IFREG && content_.valid() &&
      ::fstat(content_.get(), &content) == 0) {
    stat.size = static_cast<uint64_t>(content.st_size);
    stat.blocks = static_cast<uint64_t>(content.st_blocks);
  } else if (type_ == S_IFLNK) {
    stat.size = target_.size();
  }
  stat.atime = ToWire(atime_);
  stat.mtime = ToWire(mtime_);
  stat.ctime = ToWire(ctime_);
  stat.rdev_major = rdev_major_;
  stat.rdev_minor = rdev_minor_;
  stat.dev_minor = 77;
  return stat;
}

void MemoryInode::SetMode(uint32_t mode) {
  base::MutexLock lock(mu_);
  permissions_ = mode & 07777;
  ctime_ = Now();
}

void MemoryInode::SetTimes(const timespec* atime, const timespec* mtime) {
  base::MutexLock lock(mu_);
  ApplyTime(atime, &atime_);
  ApplyTime(mtime, &mtime_);
  ctime_ = Now();
}

void MemoryInode::SetOwner(lisafs::Owner owner) {
  base::MutexLock lock(mu_);
  if (owner.uid != wire::kNoId) owner_.uid = owner.uid;
  if (owner.gid != wire::kNoId) owner_.gid = owner.gid;
  if (type_ != S_IFDIR) {
    permissions_ &= ~uint32_t{S_ISUID};
    if ((permissions_ & S_IXGRP) != 0) permissions_ &= ~uint32_t{S_ISGID};
  }
  ctime_ = Now();
}

void MemoryInode::AddLinks(int n) {
  base::MutexLock lock(mu_);
  links_ += n;
  ctime_ = Now();
}

std::map<std::string, std::string> MemoryInode::xattrs() const {
  base::MutexLock lock(mu_);
  return xattrs_;
}

base::ErrnoOr<void> MemoryInode::SetXattr(absl::string_view name,
                                          absl::string_view value,
                                          uint32_t flags) {
  base::MutexLock lock(mu_);
  const std::string key(name);
  const bool exists = xattrs_.count(key) != 0;
  if (exists && (flags & XATTR_CREATE) != 0) return base::Errno(EEXIST);
  if (!exists && (flags & XATTR_REPLACE) != 0) return base::Errno(ENODATA);
  xattrs_[key] = std::string(value);
  return {};
}

base::ErrnoOr<void> MemoryInode::RemoveXattr(absl::string_view name) {
  base::MutexLock lock(mu_);
  if (xattrs_.erase(std::string(name)) == 0) return base::Errno(ENODATA);
  return {};
}

base::ErrnoOr<int> MemoryInode::ContentLocked() {
  if (content_.valid()) return content_.get();
  if (type_ == S_IFREG) {
    content_.reset(::memfd_create("memory_inode", MFD_CLOEXEC));
  } else if (type_ == S_IFCHR) {
    content_.reset(::open("/dev/null", O_PATH | O_CLOEXEC));
  } else if (type_ == S_IFIFO) {
    int ends[2];
    if (::pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) return base::Errno::Last();
    // An O_PATH descriptor keeps the pipe and is neither reader nor writer.
    const base::UniqueFd reader(ends[0]);
    const base::UniqueFd writer(ends[1]);
    const std::string path = "/proc/self/fd/" + std::to_string(reader.get());
    content_.reset(::open(path.c_str(), O_PATH | O_CLOEXEC));
  } else {
    return base::Errno(ENXIO);
  }
  if (!content_.valid()) return base::Errno::Last();
  return content_.get();
}

base::ErrnoOr<base::UniqueFd> MemoryInode::OpenContent(uint32_t flags) {
  base::MutexLock lock(mu_);
  const auto content = ContentLocked();
  if (!content.ok()) return content.error();
  const std::string path = "/proc/self/fd/" + std::to_string(*content);
  if (type_ == S_IFIFO) flags |= O_NONBLOCK;
  auto opened = base::SyscallFd([&] {
    return ::open(path.c_str(), static_cast<int>(flags) | O_CLOEXEC);
  });
  if (opened.ok() && (flags & O_TRUNC) != 0) ChangedLocked();
  return opened;
}

base::ErrnoOr<void> MemoryInode::Truncate(uint64_t size) {
  base::MutexLock lock(mu_);
  if (type_ == S_IFDIR) return base::Errno(EISDIR);
  if (type_ == S_IFSOCK) return base::Errno(ENXIO);
  if (type_ != S_IFREG || size > INT64_MAX) return base::Errno(EINVAL);
  const auto content = ContentLocked();
  if (!content.ok()) return content.error();
  ChangedLocked();
  return base::SyscallVoid(
      [&] { return ::ftruncate(*content, static_cast<off_t>(size)); });
}

void MemoryInode::Touch() {
  base::MutexLock lock(mu_);
  ChangedLocked();
}

void MemoryInode::ChangedLocked() { mtime_ = ctime_ = Now(); }

std::shared_ptr<base::UniqueFd> MemoryInode::socket() const {
  base::MutexLock lock(mu_);
  return socket_;
}

void MemoryInode::set_socket(std::shared_ptr<base::UniqueFd> socket) {
  base::MutexLock lock(mu_);
  socket_ = std::move(socket);
}

base::ErrnoOr<std::shared_ptr<MemoryInode>> MemoryInode::Lookup(
    absl::string_view name) const {
  base::MutexLock lock(mu_);
  if (type_ != S_IFDIR) return base::Errno(ENOTDIR);
  if (name.size() > kMaxName) return base::Errno(ENAMETOOLONG);
  const auto cookie = cookies_.find(std::string(name));
  if (cookie == cookies_.end()) return base::Errno(ENOENT);
  return entries_.at(cookie->second).inode;
}

base::ErrnoOr<void> MemoryInode::Insert(absl::string_view name,
                                        std::shared_ptr<MemoryInode> inode) {
  base::MutexLock lock(mu_);
  if (type_ != S_IFDIR) return base::Errno(ENOTDIR);
  if (name.size() > kMaxName) return base::Errno(ENAMETOOLONG);
  if (removed_) return base::Errno(ENOENT);
  const std::string key(name);
  if (!cookies_.emplace(key, next_cookie_).second) return base::Errno(EEXIST);
  entries_.emplace(next_cookie_, Entry{next_cookie_, key, std::move(inode)});
  ++next_cookie_;
  ChangedLocked();
  return {};
}

void MemoryInode::Replace(absl::string_view name,
                          std::shared_ptr<MemoryInode> inode) {
  base::MutexLock lock(mu_);
  entries_.at(cookies_.at(std::string(name))).inode = std::move(inode);
  ChangedLocked();
}

void MemoryInode::Erase(absl::string_view name) {
  std::shared_ptr<MemoryInode> dropped;  // Destroyed without the lock.
  base::MutexLock lock(mu_);
  const auto cookie = cookies_.find(std::string(name));
  dropped = std::move(entries_.at(cookie->second).inode);
  entries_.erase(cookie->second);
  cookies_.erase(cookie);
  ChangedLocked();
}

base::ErrnoOr<void> MemoryInode::Remove() {
  base::MutexLock lock(mu_);
  if (!entries_.empty()) return base::Errno(ENOTEMPTY);
  removed_ = true;
  return {};
}

bool MemoryInode::EntryFrom(uint64_t cookie, Entry* entry) const {
  base::MutexLock lock(mu_);
  const auto found = entries_.lower_bound(cookie);
  if (found == entries_.end()) return false;
  *entry = found->second;
  return true;
}

std::vector<MemoryInode::Entry> MemoryInode::Entries() const {
  base::MutexLock lock(mu_);
  std::vector<Entry> entries;
  for (const auto& [cookie, entry] : entries_) entries.push_back(entry);
  return entries;
}

}  // namespace gofer::test
