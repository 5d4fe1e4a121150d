#include "server/hostfs/mount_table.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "server/base/syscall.h"

namespace gofer::hostfs {
namespace {

// How often a table that changes while it is read is read again.
constexpr int kReadAttempts = 4;

bool IsOctal(char c) { return c >= '0' && c <= '7'; }

// Undoes the kernel's \ooo for blanks and backslashes.
std::string Unescape(absl::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && text.size() - i > 3 && IsOctal(text[i + 1]) &&
        IsOctal(text[i + 2]) && IsOctal(text[i + 3])) {
      result += static_cast<char>((text[i + 1] - '0') * 64 +
                                  (text[i + 2] - '0') * 8 + text[i + 3] - '0');
      i += 3;
    } else {
      result += text[i];
    }
  }
  return result;
}

base::ErrnoOr<std::string> ReadAll(int fd) {
  std::string text;
  char block[16384];
  while (true) {
    const ssize_t got = base::RetryOnEintr([&] {
      return ::pread(fd, block, sizeof(block), static_cast<off_t>(text.size()));
    });
    if (got < 0) return base::Errno::Last();
    if (got == 0) return text;
    text.append(block, static_cast<size_t>(got));
  }
}

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
  struct Mount {
    uint64_t parent;
    std::string name;
  };
  std::vector<Mount> mounts;
  Snapshot snapshot;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    // Id, parent's id, device, root within the file system, mount point, ...
    const std::vector<absl::string_view> fields =
        absl::StrSplit(line, absl::MaxSplits(' ', 5));
    uint64_t id = 0;
    uint64_t parent = 0;
    if (fields.size() < 5 || !absl::SimpleAtoi(fields[0], &id) ||
        !absl::SimpleAtoi(fields[1], &parent)) {
      continue;
    }
    snapshot.try_emplace(id, std::make_shared<Names>());
    const absl::string_view point = fields[4];
    mounts.push_back({parent, Unescape(point.substr(point.rfind('/') + 1))});
  }
  // A parent that is not listed gets no entry: of its mounts, too, there may be
  // some that are not listed.
  for (Mount& mount : mounts) {
    const auto parent = snapshot.find(mount.parent);
    if (parent != snapshot.end()) parent->second->insert(std::move(mount.name));
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
    const auto text = ReadAll(mount_info_.get());
    if (!text.ok()) return;
    snapshot_ = Parse(*text);
    read_ = !ChangedLocked();
  }
}

}  // namespace gofer::hostfs
