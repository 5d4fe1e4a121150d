// The optional methods of MemoryControlFd: sockets and extended attributes.

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstddef>
#include <utility>

#include "server/base/syscall.h"
#include "server/lisafs/connection.h"
#include "server/wire/limits.h"
#include "tests/support/memory_control_fd.h"
#include "tests/support/memory_open_fd.h"

namespace gofer::test {
namespace {

using lisafs::Owner;
using lisafs::ReadGuarantee;
using lisafs::WriteGuarantee;

base::ErrnoOr<base::UniqueFd> NewSocket(uint32_t type) {
  if (type != SOCK_STREAM && type != SOCK_DGRAM && type != SOCK_SEQPACKET) {
    return base::Errno(ENXIO);
  }
  return base::SyscallFd([&] {
    return ::socket(AF_UNIX,
                    static_cast<int>(type) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  });
}

// A socket under an abstract name that the kernel chose.
base::ErrnoOr<std::shared_ptr<base::UniqueFd>> NewBoundSocket(uint32_t type) {
  auto socket = NewSocket(type);
  if (!socket.ok()) return socket.error();
  const sockaddr_un any = {.sun_family = AF_UNIX, .sun_path = {}};
  if (::bind(socket->get(), reinterpret_cast<const sockaddr*>(&any),
             sizeof(any.sun_family)) != 0) {
    return base::Errno::Last();
  }
  return std::make_shared<base::UniqueFd>(*std::move(socket));
}

}  // namespace

base::ErrnoOr<base::UniqueFd> MemoryControlFd::Connect(
    const ReadGuarantee& guarantee, uint32_t socket_type, Owner) {
  const Reading reading(*this, guarantee);
  if (!backend_.policy().connect_sockets) return base::Errno(EPERM);
  if (path_.size() >= wire::kUnixPathMax) return base::Errno(EINVAL);
  auto socket = NewSocket(socket_type);
  if (!socket.ok()) return socket;
  const std::shared_ptr<base::UniqueFd> listener = inode_->socket();
  if (listener == nullptr) return base::Errno(ECONNREFUSED);
  // Abstract names of different types do not meet; files do.
  int type = 0;
  socklen_t type_length = sizeof(type);
  if (::getsockopt(listener->get(), SOL_SOCKET, SO_TYPE, &type, &type_length) !=
      0) {
    return base::Errno::Last();
  }
  if (type != static_cast<int>(socket_type)) return base::Errno(EPROTOTYPE);
  sockaddr_un address;
  socklen_t length = sizeof(address);
  auto* const raw = reinterpret_cast<sockaddr*>(&address);
  if (::getsockname(listener->get(), raw, &length) != 0 ||
      ::connect(socket->get(), raw, length) != 0) {
    return base::Errno::Last();
  }
  return socket;
}

base::ErrnoOr<lisafs::BindResult> MemoryControlFd::BindAt(
    const WriteGuarantee& guarantee, absl::string_view name,
    uint32_t socket_type, uint32_t mode, Owner owner) {
  const Writing writing(*this, guarantee);
  if (!backend_.policy().create_sockets) return base::Errno(EPERM);
  if (path_.size() + 1 + name.size() >= wire::kUnixPathMax) {
    return base::Errno(EINVAL);
  }
  auto socket = NewBoundSocket(socket_type);
  if (!socket.ok()) return socket.error();
  lisafs::QuotaSlot slot = connection().TakeFdSlot();
  if (!slot) return base::Errno(EMFILE);
  auto donated = base::DupFd((*socket)->get());
  if (!donated.ok()) return donated.error();
  const MemoryFs::InodePtr inode = fs().NewInode(S_IFSOCK | mode, owner);
  inode->set_socket(*socket);
  auto child = AddChild(guarantee.tree(), name, inode);
  if (!child.ok()) {
    const bool taken = child.error() == base::Errno(EEXIST);
    return taken ? base::Errno(EADDRINUSE) : child.error();
  }
  auto control = base::RefPtr<MemoryControlFd>::Share(
      static_cast<MemoryControlFd*>(child->fd.get()));
  return lisafs::BindResult{
      *std::move(child),
      base::MakeRef<MemoryBoundSocketFd>(std::move(control), std::move(slot),
                                         *std::move(socket)),
      *std::move(donated)};
}

bool MemoryControlFd::has_xattrs() const {
  return backend_.level() == lisafs::ProtocolLevel::kAug2026;
}

base::ErrnoOr<std::string> MemoryControlFd::GetXattr(
    const ReadGuarantee& guarantee, absl::string_view name, uint32_t size) {
  const Reading reading(*this, guarantee);
  if (!has_xattrs()) return base::Errno(EOPNOTSUPP);
  const auto xattrs = inode_->xattrs();
  const auto found = xattrs.find(std::string(name));
  if (found == xattrs.end()) return base::Errno(ENODATA);
  if (size != 0 && found->second.size() > size) return base::Errno(ERANGE);
  return found->second;
}

base::ErrnoOr<void> MemoryControlFd::SetXattr(const WriteGuarantee& guarantee,
                                              absl::string_view name,
                                              absl::string_view value,
                                              uint32_t flags) {
  const Writing writing(*this, guarantee);
  if (!has_xattrs()) return base::Errno(EOPNOTSUPP);
  return inode_->SetXattr(name, value, flags);
}

base::ErrnoOr<std::string> MemoryControlFd::ListXattr(
    const ReadGuarantee& guarantee, uint64_t size) {
  const Reading reading(*this, guarantee);
  if (!has_xattrs()) return base::Errno(EOPNOTSUPP);
  std::string names;
  for (const auto& [name, value] : inode_->xattrs()) {
    names += name;
    names += '\0';
  }
  if (size != 0 && names.size() > size) return base::Errno(ERANGE);
  return names;
}

base::ErrnoOr<void> MemoryControlFd::RemoveXattr(
    const WriteGuarantee& guarantee, absl::string_view name) {
  const Writing writing(*this, guarantee);
  if (!has_xattrs()) return base::Errno(EOPNOTSUPP);
  return inode_->RemoveXattr(name);
}

}  // namespace gofer::test
