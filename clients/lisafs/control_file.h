// ControlFile: a file in the server's tree, the thing that paths lead to.

#ifndef GOFER_CLIENTS_LISAFS_CONTROL_FILE_H_
#define GOFER_CLIENTS_LISAFS_CONTROL_FILE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "clients/lisafs/attributes.h"
#include "clients/lisafs/bound_socket.h"
#include "clients/lisafs/fd_handle.h"
#include "clients/lisafs/open_file.h"
#include "server/base/errno.h"
#include "server/base/unique_fd.h"
#include "server/wire/inode.h"
#include "server/wire/messages/stat.h"
#include "server/wire/messages/walk.h"
#include "server/wire/statx.h"
#include "server/wire/types.h"

namespace gofer::client {

// Owns a control FD of the server. The const methods are thread-safe; each is
// one RPC. A `name` is a single component, which the server checks. Errors: see
// Session; besides, EIO when an inode that arrives has no attributes.
// Source: gVisor pkg/lisafs/client_file.go, Nov 2023.
class ControlFile {
 public:
  // How far a walk went: one file for each component that exists.
  struct Walked {
    std::vector<ControlFile> files;
    wire::WalkStatus status = wire::WalkStatus::kSuccess;
  };
  struct Created;
  struct Bound;
  // Which attributes could not be set, in STATX_ bits, and the errno of one.
  struct SetStatFailure {
    uint32_t mask = 0;
    uint32_t error = 0;
  };
  enum class Removal { kFile, kDirectory };

  // Takes over `inode` of `session`. Errors: EIO; the FD is closed then.
  static base::ErrnoOr<ControlFile> Adopt(std::shared_ptr<Session> session,
                                          const wire::Inode& inode);

  wire::FdId id() const { return handle_.id(); }
  // The attributes of the moment when this file was found or made.
  const wire::Statx& found_stat() const { return found_stat_; }

  // Finds the entry `name`. ENOENT, ENOTDIR.
  base::ErrnoOr<ControlFile> Walk(absl::string_view name) const;
  // Finds one component after the other, as far as they exist.
  base::ErrnoOr<Walked> WalkMultiple(
      std::span<const absl::string_view> names) const;
  // Walks as WalkMultiple does, but returns the attributes only. An empty first
  // name stands for this file.
  base::ErrnoOr<std::vector<wire::Statx>> WalkStat(
      std::span<const absl::string_view> names) const;
  // Finds `path`, components separated by '/'; empty ones and "." are skipped.
  // Follows no symbolic link: ELOOP when one is in the way. ENOENT; EINVAL for
  // ".." and when no component is left (no message duplicates an FD).
  base::ErrnoOr<ControlFile> WalkPath(absl::string_view path) const;

  base::ErrnoOr<wire::Statx> Stat() const;
  // Succeeds when each attribute was tried; the result says which of them
  // failed. EPERM.
  base::ErrnoOr<SetStatFailure> SetStat(const AttributeChange& change) const;
  base::ErrnoOr<wire::StatFs> StatFs() const;

  // `flags`: of open(2); only the access mode and O_TRUNC travel.
  base::ErrnoOr<OpenFile> Open(int flags) const;
  // Makes and opens a regular file that did not exist (EEXIST). `flags`: of
  // open(2); only the access mode travels.
  base::ErrnoOr<Created> OpenCreate(absl::string_view name, int flags,
                                    const NewFile& file = {}) const;
  base::ErrnoOr<ControlFile> Mkdir(absl::string_view name,
                                   const NewFile& file) const;
  // file.mode with the type bits of mknod(2).
  base::ErrnoOr<ControlFile> Mknod(absl::string_view name, const NewFile& file,
                                   Device device = {}) const;
  base::ErrnoOr<ControlFile> Symlink(absl::string_view name,
                                     absl::string_view target,
                                     Owner owner = {}) const;
  // Makes `name` in this directory another name of `target`.
  base::ErrnoOr<ControlFile> Link(absl::string_view name,
                                  const ControlFile& target) const;
  base::ErrnoOr<std::string> ReadLink() const;

  base::ErrnoOr<void> Unlink(absl::string_view name, Removal removal) const;
  // Moves an entry of this directory, replacing what is there.
  base::ErrnoOr<void> Rename(absl::string_view name, const ControlFile& new_dir,
                             absl::string_view new_name) const;
  // `flags`: RENAME_ bits. EINVAL when a flag is set and the server does
  // not know the message. Without a flag this is Rename.
  base::ErrnoOr<void> RenameAt2(absl::string_view name,
                                const ControlFile& new_dir,
                                absl::string_view new_name,
                                uint32_t flags) const;

  // `max_size`: bytes; 0 stands for the most that a value can have. ERANGE when
  // it is less than the value, or than the list as listxattr(2) returns it.
  base::ErrnoOr<std::string> GetXattr(absl::string_view name,
                                      uint32_t max_size = 0) const;
  base::ErrnoOr<std::vector<std::string>> ListXattr(
      uint64_t max_size = 0) const;
  // `flags`: XATTR_ bits.
  base::ErrnoOr<void> SetXattr(absl::string_view name, absl::string_view value,
                               uint32_t flags = 0) const;
  base::ErrnoOr<void> RemoveXattr(absl::string_view name) const;

  // Connects to this socket; `type` is a SOCK_ constant. EBADF when the server
  // forgot the socket it announced.
  base::ErrnoOr<base::UniqueFd> Connect(uint32_t type) const;
  // Connects as Connect does, as the user `peer`.
  base::ErrnoOr<base::UniqueFd> ConnectAs(uint32_t type, Owner peer) const;
  // Makes a socket file of SOCK_ `type`. EBADF as for Connect.
  base::ErrnoOr<Bound> BindAt(absl::string_view name, uint32_t type,
                              const NewFile& file) const;

 private:
  ControlFile(FdHandle handle, const wire::Statx& found_stat)
      : handle_(std::move(handle)), found_stat_(found_stat) {}

  Session& session() const { return handle_.session(); }
  base::ErrnoOr<ControlFile> AdoptHere(const wire::Inode& inode) const {
    return Adopt(handle_.shared_session(), inode);
  }

  FdHandle handle_;
  wire::Statx found_stat_;
};

struct ControlFile::Created {
  ControlFile file;
  OpenFile open;
};

struct ControlFile::Bound {
  ControlFile file;
  BoundSocket socket;
};

}  // namespace gofer::client

#endif  // GOFER_CLIENTS_LISAFS_CONTROL_FILE_H_
