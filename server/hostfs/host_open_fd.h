// HostOpenFd: an open file of the host.

#ifndef GOFER_SERVER_HOSTFS_HOST_OPEN_FD_H_
#define GOFER_SERVER_HOSTFS_HOST_OPEN_FD_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "server/base/errno.h"
#include "server/base/ref_ptr.h"
#include "server/base/unique_fd.h"
#include "server/hostfs/dirent_reader.h"
#include "server/hostfs/host_control_fd.h"
#include "server/lisafs/open_fd.h"

namespace gofer::hostfs {

// Owns the descriptor, whose open file the client may share by donation.
// Source: gVisor runsc/fsgofer/lisafs.go, Nov 2023 (openFDLisa).
class HostOpenFd final : public lisafs::OpenFd {
 public:
  // `host_fd` is open with the access mode of `flags`.
  HostOpenFd(base::RefPtr<HostControlFd> control, lisafs::QuotaSlot slot,
             uint32_t flags, base::UniqueFd host_fd);

  base::ErrnoOr<wire::Statx> Stat(const lisafs::ReadGuarantee&) override;
  base::ErrnoOr<void> Sync() override;
  base::ErrnoOr<size_t> Read(std::span<std::byte> buffer,
                             uint64_t offset) override;
  base::ErrnoOr<size_t> Write(std::span<const std::byte> data,
                              uint64_t offset) override;
  // Takes mode 0 only, which gVisor's client asks for and its filter allows.
  base::ErrnoOr<void> Allocate(uint64_t mode, uint64_t offset,
                               uint64_t length) override;
  base::ErrnoOr<void> Getdents(const lisafs::ReadGuarantee&, uint64_t count,
                               Position position,
                               wire::ArrayWriter<wire::Dirent64>& out) override;

 private:
  const HostBackend& backend_;
  const base::UniqueFd host_fd_;
  // Set for directories only.
  const std::unique_ptr<DirentReader> dirents_;
};

}  // namespace gofer::hostfs

#endif  // GOFER_SERVER_HOSTFS_HOST_OPEN_FD_H_
