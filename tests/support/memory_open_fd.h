// MemoryOpenFd and MemoryBoundSocketFd: MemoryBackend's other FDs.

#ifndef GOFER_TESTS_SUPPORT_MEMORY_OPEN_FD_H_
#define GOFER_TESTS_SUPPORT_MEMORY_OPEN_FD_H_

#include <cstdint>
#include <memory>
#include <utility>

#include "server/base/mutex.h"
#include "server/base/unique_fd.h"
#include "server/lisafs/bound_socket_fd.h"
#include "server/lisafs/open_fd.h"
#include "tests/support/memory_control_fd.h"

namespace gofer::test {

class MemoryOpenFd final : public lisafs::OpenFd {
 public:
  // `content` is invalid for a directory.
  MemoryOpenFd(base::RefPtr<MemoryControlFd> control_fd, lisafs::QuotaSlot slot,
               uint32_t flags, base::UniqueFd content);

  base::ErrnoOr<wire::Statx> Stat(const lisafs::ReadGuarantee&) override;
  base::ErrnoOr<void> Sync() override { return {}; }
  base::ErrnoOr<size_t> Read(std::span<std::byte> buffer,
                             uint64_t offset) override;
  base::ErrnoOr<size_t> Write(std::span<const std::byte> data,
                              uint64_t offset) override;
  base::ErrnoOr<void> Allocate(uint64_t mode, uint64_t offset,
                               uint64_t length) override;
  base::ErrnoOr<void> Getdents(const lisafs::ReadGuarantee&, uint64_t count,
                               Position position,
                               wire::ArrayWriter<wire::Dirent64>& out) override;
  void OnRenamed(const lisafs::GlobalGuarantee&) override { ++renames_; }

 private:
  MemoryControlFd& control() const {
    return static_cast<MemoryControlFd&>(control_fd());
  }

  const base::UniqueFd content_;
  uint64_t renames_ = 0;  // Changes under the global guarantee only.
  base::Mutex mu_;
  uint64_t next_cookie_ ABSL_GUARDED_BY(mu_) = 0;
};

// A socket of the host under a name that the kernel chose; its file in the tree
// leads Connect to it.
class MemoryBoundSocketFd final : public lisafs::BoundSocketFd {
 public:
  MemoryBoundSocketFd(base::RefPtr<MemoryControlFd> control_fd,
                      lisafs::QuotaSlot slot,
                      std::shared_ptr<base::UniqueFd> socket)
      : BoundSocketFd(std::move(control_fd), std::move(slot)),
        socket_(std::move(socket)) {}

  base::ErrnoOr<void> Listen(const lisafs::ReadGuarantee&,
                             int32_t backlog) override;
  base::ErrnoOr<lisafs::AcceptResult> Accept() override;
  void Interrupt() override;

 private:
  const std::shared_ptr<base::UniqueFd> socket_;
};

}  // namespace gofer::test

#endif  // GOFER_TESTS_SUPPORT_MEMORY_OPEN_FD_H_
