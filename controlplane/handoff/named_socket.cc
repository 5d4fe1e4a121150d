#include "controlplane/handoff/named_socket.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "server/base/syscall.h"

namespace goferd::handoff {
namespace {

using errors::Reason;
using gofer::base::Errno;
using gofer::base::ErrnoOr;
using gofer::base::SyscallFd;
using gofer::base::SyscallVoid;
using gofer::base::UniqueFd;

constexpr mode_t kDirectoryMode = 0711;
constexpr mode_t kDefaultMode = 0600;
constexpr size_t kGroupBytes = size_t{64} << 10;

absl::Status Failed(Errno error, const std::string& path) {
  return errors::FromErrno(error.number(), path);
}

// The address is short, whatever the length of the directory's own path.
ErrnoOr<sockaddr_un> AddressIn(int directory, const std::string& name) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string path = absl::StrCat("/proc/self/fd/", directory, "/", name);
  if (path.size() >= sizeof(address.sun_path)) return Errno(ENAMETOOLONG);
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

const sockaddr* Generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

ErrnoOr<UniqueFd> NewSocket(int type) {
  return SyscallFd([type] {
    return ::socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  });
}

absl::StatusOr<std::optional<gid_t>> FindGroup(const std::string& name) {
  if (name.empty()) return std::nullopt;
  std::vector<char> buffer(kGroupBytes);
  group entry;
  group* found = nullptr;
  const int error =
      ::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (found != nullptr) return std::optional<gid_t>(found->gr_gid);
  if (error != 0) return Failed(Errno(error), "group " + name);
  return errors::Error(Reason::FIELD_INVALID,
                       absl::StrCat("attach.group: there is no group ", name));
}

// Binds `socket` to `name` and gives it its permissions.
ErrnoOr<void> BindAs(int socket, int directory, const std::string& name,
                     const SocketPermissions& permissions) {
  const auto address = AddressIn(directory, name);
  if (!address.ok()) return address.error();
  auto done = SyscallVoid([&] { return ::fchmod(socket, 0600); });
  if (done.ok()) {
    done = SyscallVoid(
        [&] { return ::bind(socket, Generic(*address), sizeof(*address)); });
  }
  if (done.ok() && permissions.gid) {
    done = SyscallVoid([&] {
      return ::fchownat(directory, name.c_str(), static_cast<uid_t>(-1),
                        *permissions.gid, AT_SYMLINK_NOFOLLOW);
    });
  }
  if (!done.ok()) return done;
  return SyscallVoid(
      [&] { return ::fchmodat(directory, name.c_str(), permissions.mode, 0); });
}

}  // namespace

absl::StatusOr<SocketPermissions> ReadPermissions(
    const config::v1::AttachConfig& config) {
  const auto gid = FindGroup(config.group());
  if (!gid.ok()) return gid.status();
  return SocketPermissions{
      config.mode() == 0 ? kDefaultMode : config.mode() & 0777, *gid};
}

absl::StatusOr<UniqueFd> OpenSocketDirectory(const std::string& path) {
  if (::mkdir(path.c_str(), kDirectoryMode) != 0 && errno != EEXIST) {
    return Failed(Errno::Last(), path);
  }
  auto directory = SyscallFd([&] {
    return ::open(path.c_str(),
                  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  });
  if (!directory.ok()) return Failed(directory.error(), path);
  struct stat status;
  if (::fstat(directory->get(), &status) != 0) {
    return Failed(Errno::Last(), path);
  }
  if (status.st_uid != ::geteuid() || (status.st_mode & 022) != 0) {
    return errors::Error(Reason::HOST_PERMISSION,
                         absl::StrCat("the attach socket's directory ", path,
                                      " must belong to goferd's user, and "
                                      "nobody else may write to it"));
  }
  return std::move(*directory);
}

bool SomebodyListens(int directory, const std::string& name, int type) {
  const auto socket = NewSocket(type);
  const auto address = AddressIn(directory, name);
  if (!socket.ok() || !address.ok()) return false;
  return ::connect(socket->get(), Generic(*address), sizeof(*address)) == 0 ||
         errno == EAGAIN;
}

ErrnoOr<UniqueFd> ListenAs(int directory, const std::string& name,
                           const std::string& unknown,
                           const NamedSocketKind& kind,
                           const SocketPermissions& permissions) {
  if (::unlinkat(directory, unknown.c_str(), 0) != 0 && errno != ENOENT) {
    return Errno::Last();
  }
  auto socket = NewSocket(kind.type);
  if (!socket.ok()) return socket;
  auto done = BindAs(socket->get(), directory, unknown, permissions);
  if (done.ok()) {
    done = SyscallVoid([&] { return ::listen(socket->get(), kind.backlog); });
  }
  if (done.ok()) {
    done = SyscallVoid([&] {
      return ::renameat(directory, unknown.c_str(), directory, name.c_str());
    });
  }
  if (done.ok()) return socket;
  ::unlinkat(directory, unknown.c_str(), 0);
  return done.error();
}

}  // namespace goferd::handoff
