#include "server/hostfs/mount_table.h"

#include <fcntl.h>
#include <poll.h>

#include <string>
#include <vector>

#include "server/base/mount_info.h"
#include "server/base/syscall.h"

namespace gofer::hostfs {
namespace {

// How often a table that changes while it is read is read again.
constexpr int kReadAttempts = 4;

}  // namespace

base::ErrnoOr<base::UniqueFd> MountTable::OpenMountInfo() {
  return base::SyscallFd(
      [] { return ::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC); });
}

std::shared_ptr<const MountTable::Names> MountTable::MountPointNames(
    uint64_t mount_id) {
  base::MutexLock lock(mu_);
  const bool changed = ChangedLocked();
  if (changed || !read_) ReadLocked();
  const auto found = snapshot_.find(mount_id);
  if (!read_ || found == snapshot_.end()) return nullptr;
  return found->second;
}

MountTable::Snapshot MountTable::Parse(absl::string_view text) {
  const std::vector<base::MountInfo> mounts = base::ParseMountInfo(text);
  Snapshot snapshot;
  for (const base::MountInfo& mount : mounts) {
    snapshot.try_emplace(mount.id, std::make_shared<Names>());
  }
  // A parent that is not listed gets no entry: of its mounts, too, there may be
  // some that are not listed.
  for (const base::MountInfo& mount : mounts) {
    const auto parent = snapshot.find(mount.parent);
    if (parent == snapshot.end()) continue;
    const std::string& point = mount.mount_point;
    parent->second->insert(point.substr(point.rfind('/') + 1));
  }
  return snapshot;
}

bool MountTable::ChangedLocked() {
  // Asking also resets the mark: each change is reported once per open file.
  pollfd state = {.fd = mount_info_.get(), .events = POLLPRI, .revents = 0};
  const int ready = base::RetryOnEintr([&] { return ::poll(&state, 1, 0); });
  return ready != 0 &&
         (ready < 0 || (state.revents & (POLLPRI | POLLERR)) != 0);
}

void MountTable::ReadLocked() {
  read_ = false;
  for (int i = 0; i < kReadAttempts && !read_; ++i) {
    const auto text = base::ReadMountInfo(mount_info_.get());
    if (!text.ok()) return;
    snapshot_ = Parse(*text);
    read_ = !ChangedLocked();
  }
}

}  // namespace gofer::hostfs
