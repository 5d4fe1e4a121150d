// ControlFd: a handle on a position of the tree for path-ish operations (walk,
// stat, open, create, unlink, rename). Backends derive from it.

#ifndef GOFER_SERVER_LISAFS_CONTROL_FD_H_
#define GOFER_SERVER_LISAFS_CONTROL_FD_H_

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "server/base/errno.h"
#include "server/base/ref_ptr.h"
#include "server/base/small_mutex.h"
#include "server/base/unique_fd.h"
#include "server/lisafs/fd.h"
#include "server/lisafs/guarantees.h"
#include "server/lisafs/node.h"
#include "server/wire/array_writer.h"
#include "server/wire/messages/stat.h"
#include "server/wire/messages/walk.h"
#include "server/wire/statx.h"

namespace gofer::lisafs {

class BoundSocketFd;
class ControlFd;
class OpenFd;

// A new control FD and the attributes of its file.
struct ControlFdAndStat {
  base::RefPtr<ControlFd> fd;
  wire::Statx stat;
};

// The client gets `donated`, or a copy of `lent`, or nothing.
struct OpenResult {
  base::RefPtr<OpenFd> fd;
  base::UniqueFd donated;
  // A descriptor that `fd` owns and goes on owning, with O_NONBLOCK set; or -1.
  int lent = -1;
};

struct CreateResult {
  ControlFdAndStat child;
  OpenResult open;
};

struct BindResult {
  ControlFdAndStat child;
  base::RefPtr<BoundSocketFd> bound;
  base::UniqueFd donated;
};

// The owner of a new file; wire::kNoId leaves that id as the host made it.
struct Owner {
  uint32_t uid = wire::kNoId;
  uint32_t gid = wire::kNoId;
};

// Reference model: holds a reference on its node; an open FD or bound socket FD
// made on it holds a reference on it, so it may outlive its FDID.
//
// The node, the connection and the file type never change. The virtual methods
// are the backend's. They are called with the guarantee in their parameter list
// on this FD's node, from any of the connection's threads, and by several at
// once where the guarantee is shared. The generic layer has checked names
// (base::IsSafeName), read-only access, file type and deletion. An errno that a
// method returns goes to the client as it is. Source: gVisor pkg/lisafs/fd.go,
// Nov 2023 (ControlFDImpl).
class ControlFd : public Fd {
 public:
  Node& node() const { return *node_; }
  // The S_IFMT bits.
  uint32_t file_type() const { return file_type_; }
  bool is_directory() const { return file_type_ == S_IFDIR; }
  bool is_symlink() const { return file_type_ == S_IFLNK; }
  bool is_regular() const { return file_type_ == S_IFREG; }
  bool is_socket() const { return file_type_ == S_IFSOCK; }

  // METHODS THAT EVERY BACKEND HAS

  virtual base::ErrnoOr<wire::Statx> Stat(const ReadGuarantee&) = 0;

  // Applies the attributes in `request.mask`, going on after a failure; the
  // response says which failed and the errno of the last that did. Without a
  // guarantee, because a truncation may take seconds; may run beside anything
  // else.
  virtual wire::SetStatResp SetStat(const wire::SetStatReq& request) = 0;

  // Walks one component down. The result's node is guarantee.node()'s child
  // `name`. ENOENT ends a walk without failing it.
  virtual base::ErrnoOr<ControlFdAndStat> Walk(const ReadGuarantee&,
                                               absl::string_view name) = 0;

  // Appends the attributes of this file (when the first component is empty) and
  // of each component in turn. Ends successfully at a missing component and
  // after a symlink. Called only with ServerOptions::walk_stat_supported; only
  // the start is guarded, so it must not follow a path by name from elsewhere.
  virtual base::ErrnoOr<void> WalkStat(const ReadGuarantee&,
                                       const wire::StringArray& path,
                                       wire::ArrayWriter<wire::Statx>& out) = 0;

  // `flags` is an access mode, with O_TRUNC or without. Everything is resolved
  // now: later I/O works on deleted files. Without a guarantee, as SetStat.
  virtual base::ErrnoOr<OpenResult> Open(uint32_t flags) = 0;

  // Makes a regular file; EEXIST when the name is taken. `mode`: permissions.
  virtual base::ErrnoOr<CreateResult> OpenCreate(const WriteGuarantee&,
                                                 absl::string_view name,
                                                 uint32_t mode, Owner owner,
                                                 uint32_t flags) = 0;
  virtual base::ErrnoOr<ControlFdAndStat> Mkdir(const WriteGuarantee&,
                                                absl::string_view name,
                                                uint32_t mode, Owner owner) = 0;
  // `mode` has type bits.
  virtual base::ErrnoOr<ControlFdAndStat> Mknod(const WriteGuarantee&,
                                                absl::string_view name,
                                                uint32_t mode, Owner owner,
                                                uint32_t minor,
                                                uint32_t major) = 0;
  virtual base::ErrnoOr<ControlFdAndStat> Symlink(const WriteGuarantee&,
                                                  absl::string_view name,
                                                  absl::string_view target,
                                                  Owner owner) = 0;
  // Makes `directory`/`name` a hard link to this file; the result is for the
  // link. `directory` is of this backend.
  virtual base::ErrnoOr<ControlFdAndStat> Link(
      const ReadGuarantee& self, const WriteGuarantee& directory_guarantee,
      ControlFd& directory, absl::string_view name) = 0;

  virtual base::ErrnoOr<wire::StatFs> StatFs(const ReadGuarantee&) = 0;
  virtual base::ErrnoOr<std::string> ReadLink(const ReadGuarantee&) = 0;

  // A descriptor that keeps the file of the entry `name` while the entry is
  // removed or replaced: freeing a large file takes seconds, and must not
  // happen under a lock. Invalid when there is no such file, or where that is
  // no matter.
  virtual base::UniqueFd HoldEntry(absl::string_view) { return {}; }
  // `flags` is passed to the host: 0 or AT_REMOVEDIR. The caller also holds the
  // victim's node exclusively, if it has one.
  virtual base::ErrnoOr<void> Unlink(const WriteGuarantee&,
                                     absl::string_view name,
                                     uint32_t flags) = 0;
  // `flags` as renameat2(2). `new_directory` is of this backend.
  virtual base::ErrnoOr<void> Rename(const GlobalGuarantee&,
                                     absl::string_view old_name,
                                     ControlFd& new_directory,
                                     absl::string_view new_name,
                                     uint32_t flags) = 0;
  // This file's path changed; for backends that cache it. Called only when
  // Backend::wants_renamed().
  virtual void OnRenamed(const GlobalGuarantee&) {}

  // METHODS THAT A BACKEND MAY LEAVE OUT: they answer EOPNOTSUPP

  // Makes a connected host socket for the client. The host's server sees `peer`
  // at the other end; wire::kNoId stands for the gofer itself.
  virtual base::ErrnoOr<base::UniqueFd> Connect(const ReadGuarantee&,
                                                uint32_t socket_type,
                                                Owner peer);
  virtual base::ErrnoOr<BindResult> BindAt(const WriteGuarantee&,
                                           absl::string_view name,
                                           uint32_t socket_type, uint32_t mode,
                                           Owner owner);
  // `size`: the most bytes that the client takes, 0 for no limit.
  virtual base::ErrnoOr<std::string> GetXattr(const ReadGuarantee&,
                                              absl::string_view name,
                                              uint32_t size);
  virtual base::ErrnoOr<void> SetXattr(const WriteGuarantee&,
                                       absl::string_view name,
                                       absl::string_view value, uint32_t flags);
  // Returns the names, each ended by a NUL, as listxattr(2) gives them.
  virtual base::ErrnoOr<std::string> ListXattr(const ReadGuarantee&,
                                               uint64_t size);
  virtual base::ErrnoOr<void> RemoveXattr(const WriteGuarantee&,
                                          absl::string_view name);

 protected:
  // `mode`'s S_IFMT bits become the file type.
  ControlFd(Connection& connection, base::RefPtr<Node> node, QuotaSlot slot,
            uint32_t mode);
  ~ControlFd() override;

  void OnZeroRefs() override;

 private:
  friend class Node;
  friend class OpenFd;

  // Calls OnRenamed() here and on the open FDs.
  void NotifyRenamed(const GlobalGuarantee& global);
  void AddOpenFd(OpenFd& fd);
  void RemoveOpenFd(OpenFd& fd);

  base::RefPtr<Node> node_;
  const uint32_t file_type_;

  // This FD's place in its node's list, guarded by that list's lock.
  ControlFd* previous_on_node_ = nullptr;
  ControlFd* next_on_node_ = nullptr;

  base::SmallMutex open_fds_mu_;
  OpenFd* open_fds_ ABSL_GUARDED_BY(open_fds_mu_) = nullptr;
};

}  // namespace gofer::lisafs

#endif  // GOFER_SERVER_LISAFS_CONTROL_FD_H_
