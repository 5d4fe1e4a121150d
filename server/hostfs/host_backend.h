// HostBackend: serves a directory of the host to one connection.

#ifndef GOFER_SERVER_HOSTFS_HOST_BACKEND_H_
#define GOFER_SERVER_HOSTFS_HOST_BACKEND_H_

#include <cstdint>
#include <memory>
#include <span>

#include "absl/strings/string_view.h"
#include "server/base/errno.h"
#include "server/base/unique_fd.h"
#include "server/hostfs/host_options.h"
#include "server/hostfs/host_tree.h"
#include "server/hostfs/mount_clone.h"
#include "server/hostfs/procfs_check.h"
#include "server/lisafs/backend.h"
#include "server/lisafs/connection.h"
#include "server/lisafs/guarantees.h"
#include "server/lisafs/options.h"
#include "server/lisafs/protocol_level.h"
#include "server/lisafs/quota.h"
#include "server/wire/message_id.h"
#include "server/wire/statx.h"

namespace gofer::hostfs {

// Immutable once it serves, so thread-safe. Owned by its connection, whose FDs
// point to it. Shares the tree with the other connections of the Server. What
// the client may be given of the host's descriptors is in the connection's
// options. Source: gVisor runsc/fsgofer/lisafs.go, Nov 2023 and Aug 2026.
class HostBackend final : public lisafs::Backend {
 public:
  // `level` is that of the connection's options.
  HostBackend(std::shared_ptr<HostTree> tree, const HostOptions& options,
              lisafs::ProtocolLevel level);

  // Clones the mount point now, which Mount would otherwise do for a client
  // that is given it. Meant for a process that may soon not clone mounts any
  // more. If the mount point does not exist yet, it will not be donated. Call
  // it before the connection is made. Errors: those of CloneMount.
  base::ErrnoOr<void> PrepareDonation(absl::string_view mount_path,
                                      const lisafs::ConnectionOptions& options);
  // The same with a clone of the mount point that was made before.
  void SetDonation(base::UniqueFd clone);

  // The mount point may be of any type that is served, a symlink among them.
  base::ErrnoOr<lisafs::MountResult> Mount(
      lisafs::Connection& connection,
      const lisafs::ReadGuarantee& guarantee) override;
  std::span<const wire::MessageId> SupportedMessages() const override;
  uint32_t MaxMessageSize() const override;

  // FOR ITS FDS

  // Succeeds when the file `name` in the borrowed `directory` may be served at
  // all; "" means the file behind that descriptor itself. `stat` describes that
  // file; for `served` see IsProcfs. Errors: EPERM for block devices and for
  // files of a procfs.
  base::ErrnoOr<void> CheckServed(int directory, const char* name,
                                  const wire::Statx& stat,
                                  uint32_t served) const;
  // The attributes of the borrowed `fd`, which may be O_PATH, if its file may
  // be served.
  base::ErrnoOr<wire::Statx> StatServed(int fd, uint32_t served = kDisk) const;

  HostTree& tree() const { return *tree_; }
  const ProcSelfFd& proc_self_fd() const { return tree_->proc_self_fd(); }
  const HostOptions& options() const { return options_; }
  lisafs::ProtocolLevel level() const { return level_; }
  bool may_open_char_devices() const;
  Devices donated_devices() const {
    return options_.donate_devices ? Devices::kUsable : Devices::kUnusable;
  }

 private:
  // The descriptor of the mount point for the client, and the clone that later
  // donations are made from; either may be invalid.
  struct MountPointDonation {
    base::UniqueFd donated;
    base::UniqueFd clone;
    lisafs::QuotaSlot clone_slot;
  };
  base::ErrnoOr<MountPointDonation> DonateMountPoint(
      lisafs::Connection& connection, int fd, uint32_t mode) const;

  const std::shared_ptr<HostTree> tree_;
  const HostOptions options_;
  const lisafs::ProtocolLevel level_;
  // The prepared clone of the mount point; invalid if it is not donated.
  base::UniqueFd mount_clone_;
  // When true, Mount clones nothing: it has mount_clone_ or goes without.
  bool donation_prepared_ = false;
};

}  // namespace gofer::hostfs

#endif  // GOFER_SERVER_HOSTFS_HOST_BACKEND_H_
