// Sockets: Connect and BindAt.

#include <fcntl.h>
#include <sys/stat.h>

#include <string>
#include <utility>

#include "server/base/brief_closes.h"
#include "server/base/syscall.h"
#include "server/hostfs/c_string.h"
#include "server/hostfs/host_control_fd.h"
#include "server/hostfs/host_socket_fd.h"
#include "server/hostfs/new_file.h"
#include "server/hostfs/open_flags.h"
#include "server/hostfs/stat_convert.h"
#include "server/hostfs/thread_credentials.h"
#include "server/hostfs/unix_file.h"
#include "server/wire/limits.h"

namespace gofer::hostfs {

// Connects by path, so that a service of the host that has been started again,
// with a new socket in the old socket's place, is found; the guarantee pins the
// path, and no symlink is followed on it.
base::ErrnoOr<base::UniqueFd> HostControlFd::Connect(
    const lisafs::ReadGuarantee& guarantee, uint32_t socket_type,
    lisafs::Owner peer) {
  if (!backend_.options().may_connect()) return base::Errno(EPERM);
  const std::string path = guarantee.node().FilePath(guarantee.tree());
  if (path.size() >= wire::kUnixPathMax) return base::Errno(EINVAL);
  auto socket = MakeUnixSocket(socket_type);
  if (!socket.ok()) return socket.error();

  const ThreadCredentials as_peer(peer);
  const auto file = backend_.tree().OpenPath(path);
  if (!file.ok()) return file.error();
  const auto connected =
      ConnectToFile(backend_.proc_self_fd(), socket->get(), file->get());
  if (!connected.ok()) return connected.error();
  return socket;
}

base::ErrnoOr<lisafs::BindResult> HostControlFd::BindAt(
    const lisafs::WriteGuarantee& guarantee, absl::string_view name,
    uint32_t socket_type, uint32_t mode, lisafs::Owner owner) {
  if (!backend_.options().may_bind()) return base::Errno(EPERM);
  const CString c_name(name);
  if (!c_name.ok()) return c_name.error();
  const std::string directory = guarantee.node().FilePath(guarantee.tree());
  const size_t slash = directory == "/" ? 0 : 1;
  if (directory.size() + slash + name.size() >= wire::kUnixPathMax) {
    return base::Errno(EINVAL);
  }
  if (!IsUnixSocketType(socket_type)) return base::Errno(ENXIO);
  lisafs::QuotaSlot control_slot = connection().TakeFdSlot();
  lisafs::QuotaSlot bound_slot = connection().TakeFdSlot();
  if (!control_slot || !bound_slot) return base::Errno(EMFILE);
  auto socket = MakeUnixSocket(socket_type);
  if (!socket.ok()) return socket.error();
  // bind(2) gives the file the socket's mode.
  if (::fchmod(socket->get(), PermissionBits(mode)) != 0) {
    return base::Errno::Last();
  }
  const auto in_directory = BindInDirectory(
      backend_.proc_self_fd(), socket->get(), host_fd(), c_name.get());
  if (!in_directory.ok()) return in_directory.error();

  NewFile new_file(host_fd(), c_name.get(), 0);
  const int bound = socket->get();
  auto child = AdoptNewChild(guarantee, name, c_name.get(),
                             std::move(control_slot), S_IFSOCK, owner);
  if (!child.ok()) {
    // Others may have sent to it since it was bound.
    const base::BriefCloses brief;
    socket->reset();
    return child.error();
  }
  lisafs::BindResult result;
  // From here on it is closed as such a socket has to be.
  result.bound = base::MakeRef<HostSocketFd>(child->fd, std::move(bound_slot),
                                             *std::move(socket));
  // For the client to poll.
  auto donated = base::DupFd(bound);
  if (!donated.ok()) return donated.error();
  result.donated = *std::move(donated);
  result.child = *std::move(child);
  new_file.Keep();
  return result;
}

}  // namespace gofer::hostfs
