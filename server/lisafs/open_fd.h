// OpenFd: an open file, made by OpenAt or OpenCreateAt. Backends derive from
// it.

#ifndef GOFER_SERVER_LISAFS_OPEN_FD_H_
#define GOFER_SERVER_LISAFS_OPEN_FD_H_

#include <fcntl.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "server/base/errno.h"
#include "server/base/ref_ptr.h"
#include "server/lisafs/control_fd.h"
#include "server/lisafs/fd.h"
#include "server/lisafs/guarantees.h"
#include "server/wire/array_writer.h"
#include "server/wire/dirent64.h"
#include "server/wire/statx.h"

namespace gofer::lisafs {

// Reference model: holds a reference on the control FD that it was opened on.
//
// The virtual methods are the backend's; guarantees are on the control FD's
// node. The generic layer has checked access mode, file type and deletion.
// Source: gVisor pkg/lisafs/fd.go, Nov 2023 (OpenFDImpl).
class OpenFd : public Fd {
 public:
  ControlFd& control_fd() const { return *control_fd_; }
  Node& node() const { return control_fd_->node(); }
  // Access mode 3 gives neither.
  bool readable() const { return readable_; }
  bool writable() const { return writable_; }

  virtual base::ErrnoOr<wire::Statx> Stat(const ReadGuarantee&) = 0;

  // WITHOUT A GUARANTEE: these may take seconds, in the host or because the
  // client takes its own memory away under them, and need no path. They run
  // beside anything else, a removal of the file too.

  virtual base::ErrnoOr<void> Sync() = 0;
  // Reads at `offset` into `buffer`, which may be shared with the client and is
  // only written to. Fewer bytes than asked for only at the end of the file.
  virtual base::ErrnoOr<size_t> Read(std::span<std::byte> buffer,
                                     uint64_t offset) = 0;
  // Writes all of `data`, which may be shared with the client and is read once.
  virtual base::ErrnoOr<size_t> Write(std::span<const std::byte> data,
                                      uint64_t offset) = 0;
  virtual base::ErrnoOr<void> Allocate(uint64_t mode, uint64_t offset,
                                       uint64_t length) = 0;

  // WITH ONE

  virtual base::ErrnoOr<void> Flush(const ReadGuarantee&) { return {}; }

  // Appends directory entries except "." and "..", from the start of the
  // directory or from where the last call ended, until the emitted entries
  // would occupy `count` bytes as struct linux_dirent64, `out` is full, or the
  // directory ends. An entry that did not fit comes first next time. May be
  // called by several threads at once. Source: gVisor runsc/fsgofer/lisafs.go,
  // Nov 2023 (Getdent64).
  enum class Position { kContinue, kRestart };
  virtual base::ErrnoOr<void> Getdents(
      const ReadGuarantee&, uint64_t count, Position position,
      wire::ArrayWriter<wire::Dirent64>& out) = 0;

  // As ControlFd::OnRenamed. A rename that happens while the FD is being made
  // is not told.
  virtual void OnRenamed(const GlobalGuarantee&) {}
  // From now on OnRenamed is called. Once, when the FD is complete: a rename
  // may come at any moment.
  void TellOfRenames(const TreeLock&);

 protected:
  // `flags` as passed to ControlFd::Open.
  OpenFd(base::RefPtr<ControlFd> control_fd, QuotaSlot slot, uint32_t flags);
  ~OpenFd() override;

  void OnZeroRefs() override;

 private:
  friend class ControlFd;

  const base::RefPtr<ControlFd> control_fd_;
  const bool readable_;
  const bool writable_;

  // Whether it is in its control FD's list.
  bool is_told_ = false;
  // This FD's place in that list, guarded by the list's lock.
  OpenFd* previous_on_control_fd_ = nullptr;
  OpenFd* next_on_control_fd_ = nullptr;
};

}  // namespace gofer::lisafs

#endif  // GOFER_SERVER_LISAFS_OPEN_FD_H_
