// HostControlFd: a control FD on a file of the host.

#ifndef GOFER_SERVER_HOSTFS_HOST_CONTROL_FD_H_
#define GOFER_SERVER_HOSTFS_HOST_CONTROL_FD_H_

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "server/base/errno.h"
#include "server/base/ref_ptr.h"
#include "server/base/unique_fd.h"
#include "server/hostfs/host_backend.h"
#include "server/lisafs/connection.h"
#include "server/lisafs/control_fd.h"
#include "server/lisafs/guarantees.h"
#include "server/lisafs/node.h"
#include "server/lisafs/quota.h"

namespace gofer::hostfs {

// Owns an O_PATH descriptor of the file: it names the file and has opened
// nothing, so that walking to a FIFO or device has no effect on it. Calls by
// name are relative to it and take one component; calls that the kernel refuses
// on O_PATH go through /proc/self/fd. The methods are spread over
// host_control_fd_*.cc by concern. Source: gVisor runsc/fsgofer/lisafs.go, Nov
// 2023 (controlFDLisa), which opens control FDs for reading.
class HostControlFd final : public lisafs::ControlFd {
 public:
  // `host_fd` is O_PATH and of a file that is served and has `stat`. The
  // backend outlives it.
  HostControlFd(HostBackend& backend, lisafs::Connection& connection,
                base::RefPtr<lisafs::Node> node, lisafs::QuotaSlot slot,
                const wire::Statx& stat, base::UniqueFd host_fd);

  ~HostControlFd() override;

  // Makes Open donate this file, a directory, through `clone` (see CloneMount).
  // Call it before the client knows of this FD. It does nothing when `clone` is
  // invalid.
  void KeepMountClone(base::UniqueFd clone, lisafs::QuotaSlot slot);

  HostBackend& backend() const { return backend_; }
  // Borrowed; O_PATH.
  int host_fd() const { return host_fd_.get(); }

  base::ErrnoOr<wire::Statx> Stat(const lisafs::ReadGuarantee&) override;
  wire::SetStatResp SetStat(const wire::SetStatReq& request) override;
  base::ErrnoOr<lisafs::ControlFdAndStat> Walk(
      const lisafs::ReadGuarantee& guarantee, absl::string_view name) override;
  base::ErrnoOr<void> WalkStat(const lisafs::ReadGuarantee&,
                               const wire::StringArray& path,
                               wire::ArrayWriter<wire::Statx>& out) override;
  base::ErrnoOr<lisafs::OpenResult> Open(uint32_t flags) override;
  base::ErrnoOr<lisafs::CreateResult> OpenCreate(
      const lisafs::WriteGuarantee& guarantee, absl::string_view name,
      uint32_t mode, lisafs::Owner owner, uint32_t flags) override;
  base::ErrnoOr<lisafs::ControlFdAndStat> Mkdir(
      const lisafs::WriteGuarantee& guarantee, absl::string_view name,
      uint32_t mode, lisafs::Owner owner) override;
  base::ErrnoOr<lisafs::ControlFdAndStat> Mknod(
      const lisafs::WriteGuarantee& guarantee, absl::string_view name,
      uint32_t mode, lisafs::Owner owner, uint32_t minor,
      uint32_t major) override;
  base::ErrnoOr<lisafs::ControlFdAndStat> Symlink(
      const lisafs::WriteGuarantee& guarantee, absl::string_view name,
      absl::string_view target, lisafs::Owner owner) override;
  base::ErrnoOr<lisafs::ControlFdAndStat> Link(
      const lisafs::ReadGuarantee& self,
      const lisafs::WriteGuarantee& directory_guarantee,
      lisafs::ControlFd& directory, absl::string_view name) override;
  base::ErrnoOr<wire::StatFs> StatFs(const lisafs::ReadGuarantee&) override;
  base::ErrnoOr<std::string> ReadLink(const lisafs::ReadGuarantee&) override;
  base::UniqueFd HoldEntry(absl::string_view name) override;
  base::ErrnoOr<void> Unlink(const lisafs::WriteGuarantee&,
                             absl::string_view name, uint32_t flags) override;
  base::ErrnoOr<void> Rename(const lisafs::GlobalGuarantee&,
                             absl::string_view old_name,
                             lisafs::ControlFd& new_directory,
                             absl::string_view new_name,
                             uint32_t flags) override;

  base::ErrnoOr<base::UniqueFd> Connect(const lisafs::ReadGuarantee& guarantee,
                                        uint32_t socket_type,
                                        lisafs::Owner peer) override;
  base::ErrnoOr<lisafs::BindResult> BindAt(
      const lisafs::WriteGuarantee& guarantee, absl::string_view name,
      uint32_t socket_type, uint32_t mode, lisafs::Owner owner) override;

  base::ErrnoOr<std::string> GetXattr(const lisafs::ReadGuarantee&,
                                      absl::string_view name,
                                      uint32_t size) override;
  base::ErrnoOr<void> SetXattr(const lisafs::WriteGuarantee&,
                               absl::string_view name, absl::string_view value,
                               uint32_t flags) override;
  base::ErrnoOr<std::string> ListXattr(const lisafs::ReadGuarantee&,
                                       uint64_t size) override;
  base::ErrnoOr<void> RemoveXattr(const lisafs::WriteGuarantee&,
                                  absl::string_view name) override;

 private:
  // Whether this file may be opened at all; EPERM when not.
  base::ErrnoOr<void> CheckMayOpen() const;
  // Whether `open_file`, a borrowed descriptor of this file, may be donated.
  bool MayDonate(int open_file) const;
  // An open file for the client alone, with the access mode of `flags`.
  base::ErrnoOr<base::UniqueFd> OpenForClient(uint32_t flags) const;

  // A control FD for the child `name` of the guarantee's node. Errors: ENOMEM.
  template <class Guarantee>
  base::ErrnoOr<lisafs::ControlFdAndStat> MakeChild(const Guarantee& guarantee,
                                                    absl::string_view name,
                                                    lisafs::QuotaSlot slot,
                                                    base::UniqueFd host_fd,
                                                    const wire::Statx& stat);
  // The same for a file that was just created here: gives it to its owner,
  // through `file` of it, and looks at it. `host_fd` is O_PATH.
  base::ErrnoOr<lisafs::ControlFdAndStat> MakeNewChild(
      const lisafs::WriteGuarantee& guarantee, absl::string_view name,
      lisafs::QuotaSlot slot, base::UniqueFd host_fd, lisafs::Owner owner);
  // The same with a new regular file, open with the access mode of `flags`.
  // Errors: those of open(2), EEXIST when the name is taken.
  struct NewRegularFile {
    lisafs::ControlFdAndStat child;
    base::UniqueFd open_file;
  };
  base::ErrnoOr<NewRegularFile> CreateFile(
      const lisafs::WriteGuarantee& guarantee, absl::string_view name,
      uint32_t mode, lisafs::QuotaSlot slot, lisafs::Owner owner,
      uint32_t flags);
  // The same for a file created by name only, which is opened first. Errors:
  // also ESTALE when something of another type has taken its place.
  base::ErrnoOr<lisafs::ControlFdAndStat> AdoptNewChild(
      const lisafs::WriteGuarantee& guarantee, absl::string_view name,
      const char* c_name, lisafs::QuotaSlot slot, uint32_t type,
      lisafs::Owner owner);
  base::ErrnoOr<void> ChangeOwner(int fd, lisafs::Owner owner) const;

  base::ErrnoOr<void> SetMode(uint32_t mode) const;
  base::ErrnoOr<void> SetSize(uint64_t size);
  // A descriptor that may be written to; borrowed.
  base::ErrnoOr<int> WritableFd();
  base::ErrnoOr<void> SetTimes(const wire::SetStatReq& request) const;

  HostBackend& backend_;
  const base::UniqueFd host_fd_;
  // See DisklessDevice.
  const uint32_t device_;
  // The clone of a mount point that is donated; invalid for other files.
  base::UniqueFd mount_clone_;
  lisafs::QuotaSlot mount_clone_slot_;

  // Made when SetStat needs it first, and kept; -1 before. Whoever sets it sets
  // the slot.
  std::atomic<int> writable_fd_ = -1;
  lisafs::QuotaSlot writable_slot_;
};

}  // namespace gofer::hostfs

#endif  // GOFER_SERVER_HOSTFS_HOST_CONTROL_FD_H_
