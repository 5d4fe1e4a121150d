#include "controlplane/daemon/uds_listener.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace goferd::daemon {
namespace {

using gofer::base::UniqueFd;

constexpr int kBacklog = 128;

absl::Status Failed(absl::string_view path, absl::string_view what, int error) {
  return absl::FailedPreconditionError(
      absl::StrCat(path, ": ", what, ": ", std::strerror(error)));
}

absl::StatusOr<UniqueFd> OpenDirectory(const std::string& path) {
  if (::mkdir(path.c_str(), 0711) != 0 && errno != EEXIST) {
    return Failed(path, "cannot be made", errno);
  }
  UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat info {};
  if (!directory || ::fstat(directory.get(), &info) != 0) {
    return Failed(path, "cannot be opened", errno);
  }
  const bool is_ours = info.st_uid == ::geteuid() || info.st_uid == 0;
  if (!is_ours || (info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(path,
                     ": others may write to this directory, and put a "
                     "socket of their own there: chmod go-w, or choose "
                     "another one"));
  }
  return directory;
}

absl::StatusOr<UniqueFd> Lock(int directory, const std::string& name,
                              absl::string_view path) {
  UniqueFd lock(::openat(directory, (name + ".lock").c_str(),
                         O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock) return Failed(path, "the lock file cannot be opened", errno);
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno != EWOULDBLOCK) return Failed(path, "cannot be locked", errno);
  return absl::FailedPreconditionError(absl::StrCat(
      path, ": another goferd listens there: end it, or choose another path"));
}

// Makes the address of directory and name: the path may be longer than a
// socket's address allows.
std::optional<sockaddr_un> AddressOf(int directory, absl::string_view name) {
  const std::string path = absl::StrCat("/proc/self/fd/", directory, "/", name);
  sockaddr_un address{};
  if (path.size() >= sizeof(address.sun_path)) return std::nullopt;
  address.sun_family = AF_UNIX;
  std::copy(path.begin(), path.end(), address.sun_path);
  return address;
}

// Whether somebody listens there without our lock, such as another program.
bool IsAlive(const sockaddr_un& address) {
  const UniqueFd probe(
      ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // NOLINTNEXTLINE: the way of the sockets' interface.
  const auto* raw = reinterpret_cast<const sockaddr*>(&address);
  if (::connect(probe.get(), raw, sizeof(address)) == 0) return true;
  return errno == EAGAIN || errno == EPROTOTYPE;
}

absl::Status RemoveStale(int directory, const std::string& name,
                         absl::string_view path) {
  struct stat info {};
  if (::fstatat(directory, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno == ENOENT ? absl::OkStatus()
                           : Failed(path, "cannot be looked at", errno);
  }
  if (!S_ISSOCK(info.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": is not a socket: remove it yourself"));
  }
  const auto address = AddressOf(directory, name);
  if (address && IsAlive(*address)) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, ": somebody listens there: end it, or choose another path"));
  }
  return absl::OkStatus();
}

absl::StatusOr<gid_t> GroupId(const std::string& name) {
  std::vector<char> buffer(16384);
  group entry{};
  group* found = nullptr;
  const int error =
      ::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found != nullptr) return found->gr_gid;
  return Failed(name, "no such group", error == 0 ? ENOENT : error);
}

absl::Status SetAccess(int directory, const std::string& name,
                       const config::v1::UdsListener& config) {
  if (!config.group().empty()) {
    const auto gid = GroupId(config.group());
    if (!gid.ok()) return gid.status();
    if (::fchownat(directory, name.c_str(), static_cast<uid_t>(-1), *gid,
                   AT_SYMLINK_NOFOLLOW) != 0) {
      return Failed(config.path(), "cannot be given to the group", errno);
    }
  }
  if (::fchmodat(directory, name.c_str(), config.mode(), 0) != 0) {
    return Failed(config.path(), "cannot be given its mode", errno);
  }
  return absl::OkStatus();
}

// Binds a socket to its temporary name.
absl::StatusOr<UniqueFd> Bind(int directory, const std::string& name,
                              const config::v1::UdsListener& config) {
  ::unlinkat(directory, name.c_str(), 0);
  UniqueFd socket(
      ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const auto address = AddressOf(directory, name);
  if (!socket || !address) {
    return Failed(config.path(), "cannot be made",
                  socket ? ENAMETOOLONG : errno);
  }
  // Nobody else can connect before the socket has its mode.
  if (::fchmod(socket.get(), 0600) != 0) {
    return Failed(config.path(), "cannot be made private", errno);
  }
  // NOLINTNEXTLINE: the way of the sockets' interface.
  const auto* raw = reinterpret_cast<const sockaddr*>(&*address);
  if (::bind(socket.get(), raw, sizeof(*address)) != 0) {
    return Failed(config.path(), "cannot be bound", errno);
  }
  return socket;
}

}  // namespace

absl::StatusOr<UdsListener> UdsListener::Listen(
    const config::v1::UdsListener& config) {
  const std::string& path = config.path();
  const size_t slash = path.rfind('/');
  UdsListener listener;
  listener.name_ = path.substr(slash + 1);
  auto directory = OpenDirectory(path.substr(0, slash));
  if (!directory.ok()) return directory.status();
  listener.directory_ = *std::move(directory);
  const int at = listener.directory_.get();
  // Destruction must not remove the name before it belongs to our socket.
  const std::string name = std::exchange(listener.name_, "");
  auto lock = Lock(at, name, path);
  if (!lock.ok()) return lock.status();
  listener.lock_ = *std::move(lock);
  if (auto status = RemoveStale(at, name, path); !status.ok()) return status;

  const std::string draft = name + ".new";
  auto socket = Bind(at, draft, config);
  if (!socket.ok()) return socket.status();
  listener.socket_ = *std::move(socket);
  if (auto status = SetAccess(at, draft, config); !status.ok()) return status;
  if (::listen(listener.fd(), kBacklog) != 0) {
    return Failed(path, "cannot be listened at", errno);
  }
  struct stat info {};
  if (::fstatat(at, draft.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0 ||
      ::renameat(at, draft.c_str(), at, name.c_str()) != 0) {
    return Failed(path, "cannot get its name", errno);
  }
  listener.name_ = name;
  listener.inode_ = info.st_ino;
  return listener;
}

UdsListener UdsListener::Adopt(gofer::base::UniqueFd socket) {
  UdsListener listener;
  listener.socket_ = std::move(socket);
  return listener;
}

UdsListener::~UdsListener() {
  if (!directory_ || name_.empty()) return;
  struct stat info {};
  if (::fstatat(directory_.get(), name_.c_str(), &info, AT_SYMLINK_NOFOLLOW) ==
          0 &&
      info.st_ino == inode_) {
    ::unlinkat(directory_.get(), name_.c_str(), 0);
  }
}

}  // namespace goferd::daemon
