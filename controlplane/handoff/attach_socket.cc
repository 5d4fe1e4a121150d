#include "controlplane/handoff/attach_socket.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "server/base/safe_name.h"
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
constexpr int kBacklog = 64;
constexpr size_t kGroupBytes = size_t{64} << 10;

absl::Status Failed(Errno error, const std::string& path) {
  return errors::FromErrno(error.number(), path);
}

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

ErrnoOr<UniqueFd> NewSocket() {
  return SyscallFd([] {
    return ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  });
}

absl::StatusOr<UniqueFd> OpenDirectory(const std::string& path) {
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

bool SomebodyListens(int directory, const std::string& name) {
  const auto socket = NewSocket();
  const auto address = AddressIn(directory, name);
  if (!socket.ok() || !address.ok()) return false;
  return ::connect(socket->get(), Generic(*address), sizeof(*address)) == 0 ||
         errno == EAGAIN;
}

// Under a name that nobody knows, so that nobody connects before the
// permissions are right; the directory is not writable for others.
ErrnoOr<UniqueFd> ListenAs(int directory, const std::string& name, mode_t mode,
                           std::optional<gid_t> gid) {
  const auto address = AddressIn(directory, name);
  if (!address.ok()) return address.error();
  auto socket = NewSocket();
  if (!socket.ok()) return socket;
  if (::unlinkat(directory, name.c_str(), 0) != 0 && errno != ENOENT) {
    return Errno::Last();
  }
  auto done = SyscallVoid([&] { return ::fchmod(socket->get(), 0600); });
  if (done.ok()) {
    done = SyscallVoid([&] {
      return ::bind(socket->get(), Generic(*address), sizeof(*address));
    });
  }
  if (done.ok() && gid) {
    done = SyscallVoid([&] {
      return ::fchownat(directory, name.c_str(), static_cast<uid_t>(-1), *gid,
                        AT_SYMLINK_NOFOLLOW);
    });
  }
  if (done.ok()) {
    done = SyscallVoid(
        [&] { return ::fchmodat(directory, name.c_str(), mode, 0); });
  }
  if (done.ok()) {
    done = SyscallVoid([&] { return ::listen(socket->get(), kBacklog); });
  }
  if (!done.ok()) return done.error();
  return socket;
}

}  // namespace

absl::StatusOr<AttachSocket> AttachSocket::Listen(
    const config::v1::AttachConfig& config) {
  const std::string& path = config.path();
  const size_t slash = path.rfind('/');
  const std::string name =
      slash == std::string::npos ? "" : path.substr(slash + 1);
  if (slash == 0 || !gofer::base::IsSafeName(name)) {
    return errors::Error(Reason::FIELD_INVALID,
                         "attach.path: must be a socket in a directory of its "
                         "own, such as /run/goferd/attach/attach.sock");
  }
  const auto gid = FindGroup(config.group());
  if (!gid.ok()) return gid.status();
  auto directory = OpenDirectory(path.substr(0, slash));
  if (!directory.ok()) return directory.status();
  if (SomebodyListens(directory->get(), name)) {
    return errors::Error(
        Reason::HOST_PERMISSION,
        absl::StrCat(path, ": somebody listens there already"));
  }
  const std::string unknown = "." + name + ".new";
  const mode_t mode = config.mode() == 0 ? kDefaultMode : config.mode() & 0777;
  auto socket = ListenAs(directory->get(), unknown, mode, *gid);
  if (socket.ok() && ::renameat(directory->get(), unknown.c_str(),
                                directory->get(), name.c_str()) != 0) {
    socket = Errno::Last();
  }
  if (!socket.ok()) {
    ::unlinkat(directory->get(), unknown.c_str(), 0);
    return Failed(socket.error(), path);
  }
  return AttachSocket(*std::move(directory), name, std::move(*socket));
}

AttachSocket::~AttachSocket() { Close(); }

void AttachSocket::Close() {
  if (directory_.valid()) ::unlinkat(directory_.get(), name_.c_str(), 0);
  directory_.reset();
  socket_.reset();
}

}  // namespace goferd::handoff
