#include "controlplane/state/private_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>

#include "server/base/syscall.h"

namespace goferd::state {
namespace {

using gofer::base::Errno;
using gofer::base::ErrnoOr;
using gofer::base::SyscallFd;
using gofer::base::SyscallVoid;
using gofer::base::UniqueFd;

constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kFileMode = 0600;
constexpr char kTemporary[] = ".new";

ErrnoOr<void> CheckPrivate(int fd) {
  struct stat stat;
  if (::fstat(fd, &stat) != 0) return Errno::Last();
  if (stat.st_uid != ::geteuid() || (stat.st_mode & 022) != 0) {
    return Errno(EPERM);
  }
  return {};
}

ErrnoOr<void> WriteAll(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = gofer::base::Syscall(
        [&] { return ::write(fd, bytes.data(), bytes.size()); });
    if (!written.ok()) return written.error();
    bytes.remove_prefix(static_cast<size_t>(*written));
  }
  return {};
}

}  // namespace

ErrnoOr<UniqueFd> OpenPrivateDirectory(int parent, const std::string& name) {
  if (::mkdirat(parent, name.c_str(), kDirectoryMode) != 0 && errno != EEXIST) {
    return Errno::Last();
  }
  auto directory = SyscallFd([&] {
    return ::openat(parent, name.c_str(),
                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  });
  if (!directory.ok()) return directory;
  if (auto checked = CheckPrivate(directory->get()); !checked.ok()) {
    return checked.error();
  }
  return directory;
}

ErrnoOr<void> ReplaceFile(int directory, const std::string& name,
                          absl::string_view bytes) {
  const std::string temporary = name + kTemporary;
  auto file = SyscallFd([&] {
    return ::openat(directory, temporary.c_str(),
                    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
                    kFileMode);
  });
  if (!file.ok()) return file.error();
  auto done = WriteAll(file->get(), bytes);
  if (done.ok()) done = SyscallVoid([&] { return ::fsync(file->get()); });
  if (done.ok()) {
    done = SyscallVoid([&] {
      return ::renameat(directory, temporary.c_str(), directory, name.c_str());
    });
  }
  if (!done.ok()) ::unlinkat(directory, temporary.c_str(), 0);
  return done;
}

ErrnoOr<std::string> ReadFile(int directory, const std::string& name,
                              size_t most) {
  const auto file = SyscallFd([&] {
    return ::openat(directory, name.c_str(),
                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  });
  if (!file.ok()) return file.error();
  std::string bytes;
  char buffer[16384];
  while (true) {
    const auto count = gofer::base::Syscall(
        [&] { return ::read(file->get(), buffer, sizeof(buffer)); });
    if (!count.ok()) return count.error();
    if (*count == 0) return bytes;
    bytes.append(buffer, static_cast<size_t>(*count));
    if (bytes.size() > most) return Errno(EFBIG);
  }
}

std::vector<std::string> NamesIn(int directory, size_t most) {
  std::vector<std::string> names;
  // Reading moves the position, so that it needs a descriptor of its own.
  const int copy = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (copy < 0) return names;
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(copy),
                                                   ::closedir);
  if (stream == nullptr) {
    ::close(copy);
    return names;
  }
  while (const dirent* const entry = ::readdir(stream.get())) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    names.push_back(name);
    if (names.size() == most) break;
  }
  std::sort(names.begin(), names.end());
  return names;
}

namespace {

// Directories in directories: nothing of ours is even one deep.
constexpr int kDeepest = 16;

ErrnoOr<void> RemoveAt(int parent, const std::string& name, int depth) {
  constexpr size_t kMostFiles = 1024;
  if (::unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) return {};
  // Linux says EISDIR, POSIX EPERM.
  if (errno != EISDIR && errno != EPERM) return Errno::Last();
  if (depth > kDeepest) return Errno(ELOOP);
  while (true) {
    // Opened anew for each round, which reads the directory from its start.
    const auto directory = SyscallFd([&] {
      return ::openat(parent, name.c_str(),
                      O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    });
    if (!directory.ok()) return directory.error();
    const auto files = NamesIn(directory->get(), kMostFiles);
    if (files.empty()) break;
    for (const std::string& file : files) {
      auto removed = RemoveAt(directory->get(), file, depth + 1);
      if (!removed.ok()) return removed;
    }
  }
  return SyscallVoid(
      [&] { return ::unlinkat(parent, name.c_str(), AT_REMOVEDIR); });
}

}  // namespace

ErrnoOr<void> RemoveAll(int parent, const std::string& name) {
  return RemoveAt(parent, name, 0);
}

ErrnoOr<UniqueFd> OpenOwnDirectory(int parent, const std::string& name) {
  auto directory = SyscallFd([&] {
    return ::openat(parent, name.c_str(),
                    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  });
  if (!directory.ok()) return directory;
  if (auto checked = CheckPrivate(directory->get()); !checked.ok()) {
    return checked.error();
  }
  return directory;
}

ErrnoOr<std::string> ReadOwnFile(int directory, const std::string& name,
                                 size_t most) {
  struct stat stat;
  if (::fstatat(directory, name.c_str(), &stat, AT_SYMLINK_NOFOLLOW) != 0) {
    return Errno::Last();
  }
  if (S_ISDIR(stat.st_mode)) return Errno(EISDIR);
  if (!S_ISREG(stat.st_mode)) return Errno(EINVAL);
  if (stat.st_uid != ::geteuid() || (stat.st_mode & 022) != 0) {
    return Errno(EPERM);
  }
  return ReadFile(directory, name, most);
}

}  // namespace goferd::state
