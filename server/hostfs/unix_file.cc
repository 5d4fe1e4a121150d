#include "server/hostfs/unix_file.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "server/base/syscall.h"
#include "server/hostfs/thread_directory.h"

namespace gofer::hostfs {
namespace {

struct Address {
  sockaddr_un value = {};
  socklen_t size = 0;

  const sockaddr* get() const {
    return reinterpret_cast<const sockaddr*>(&value);
  }
};

base::ErrnoOr<Address> MakeAddress(absl::string_view path) {
  Address address;
  if (path.size() >= sizeof(address.value.sun_path)) {
    return base::Errno(EINVAL);
  }
  address.value.sun_family = AF_UNIX;
  std::memcpy(address.value.sun_path, path.data(), path.size());
  address.size =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return address;
}

base::ErrnoOr<void> Bind(int socket, absl::string_view path) {
  const auto address = MakeAddress(path);
  if (!address.ok()) return address.error();
  if (::bind(socket, address->get(), address->size) != 0) {
    return base::Errno::Last();
  }
  return {};
}

}  // namespace

bool IsUnixSocketType(uint32_t type) {
  return type == SOCK_STREAM || type == SOCK_DGRAM || type == SOCK_SEQPACKET;
}

base::ErrnoOr<base::UniqueFd> MakeUnixSocket(uint32_t type) {
  if (!IsUnixSocketType(type)) return base::Errno(ENXIO);
  return base::SyscallFd([&] {
    return ::socket(AF_UNIX,
                    static_cast<int>(type) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  });
}

base::ErrnoOr<void> BindInDirectory(const ProcSelfFd& proc_self_fd, int socket,
                                    int directory, const char* name) {
  const auto entered = EnterThreadDirectory(directory, 0);
  if (entered.ok()) {
    const auto bound = Bind(socket, name);
    // The thread must not keep a file system of the tree busy.
    (void)proc_self_fd.PathOnThisThread(directory).ok();
    return bound;
  }
  if (entered.error() != base::Errno(EPERM)) return entered.error();
  const auto path = proc_self_fd.PathOnThisThread(directory);
  if (!path.ok()) return path.error();
  return Bind(socket, absl::StrCat(path->data(), "/", name));
}

base::ErrnoOr<void> ConnectToFile(const ProcSelfFd& proc_self_fd, int socket,
                                  int file) {
  const auto path = proc_self_fd.PathOnThisThread(file);
  if (!path.ok()) return path.error();
  const auto address = MakeAddress(path->data());
  if (!address.ok()) return address.error();
  return base::SyscallVoid(
      [&] { return ::connect(socket, address->get(), address->size); });
}

}  // namespace gofer::hostfs
