// MemoryControlFd: MemoryBackend's control FD.

#ifndef GOFER_TESTS_SUPPORT_MEMORY_CONTROL_FD_H_
#define GOFER_TESTS_SUPPORT_MEMORY_CONTROL_FD_H_

#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "server/lisafs/control_fd.h"
#include "tests/support/guarantee_witness.h"
#include "tests/support/memory_backend.h"
#include "tests/support/memory_fs.h"

namespace gofer::test {

// Keeps its path, which OnRenamed() refreshes and every method checks.
class MemoryControlFd final : public lisafs::ControlFd {
 public:
  MemoryControlFd(lisafs::Connection& connection,
                  base::RefPtr<lisafs::Node> node, lisafs::QuotaSlot slot,
                  MemoryBackend& backend, MemoryFs::InodePtr inode,
                  std::string path);

  MemoryInode& inode() const { return *inode_; }
  MemoryFs& fs() const { return backend_.fs(); }

  base::ErrnoOr<wire::Statx> Stat(const lisafs::ReadGuarantee&) override;
  wire::SetStatResp SetStat(const wire::SetStatReq& request) override;
  base::ErrnoOr<lisafs::ControlFdAndStat> Walk(const lisafs::ReadGuarantee&,
                                               absl::string_view name) override;
  base::ErrnoOr<void> WalkStat(const lisafs::ReadGuarantee&,
                               const wire::StringArray& path,
                               wire::ArrayWriter<wire::Statx>& out) override;
  base::ErrnoOr<lisafs::OpenResult> Open(uint32_t flags) override;
  base::ErrnoOr<lisafs::CreateResult> OpenCreate(const lisafs::WriteGuarantee&,
                                                 absl::string_view name,
                                                 uint32_t mode,
                                                 lisafs::Owner owner,
                                                 uint32_t flags) override;
  base::ErrnoOr<lisafs::ControlFdAndStat> Mkdir(const lisafs::WriteGuarantee&,
                                                absl::string_view name,
                                                uint32_t mode,
                                                lisafs::Owner owner) override;
  base::ErrnoOr<lisafs::ControlFdAndStat> Mknod(
      const lisafs::WriteGuarantee&, absl::string_view name, uint32_t mode,
      lisafs::Owner owner, uint32_t minor, uint32_t major) override;
  base::ErrnoOr<lisafs::ControlFdAndStat> Symlink(const lisafs::WriteGuarantee&,
                                                  absl::string_view name,
                                                  absl::string_view target,
                                                  lisafs::Owner owner) override;
  base::ErrnoOr<lisafs::ControlFdAndStat> Link(
      const lisafs::ReadGuarantee& self,
      const lisafs::WriteGuarantee& directory_guarantee,
      lisafs::ControlFd& directory, absl::string_view name) override;
  base::ErrnoOr<wire::StatFs> StatFs(const lisafs::ReadGuarantee&) override;
  base::ErrnoOr<std::string> ReadLink(const lisafs::ReadGuarantee&) override;
  base::ErrnoOr<void> Unlink(const lisafs::WriteGuarantee&,
                             absl::string_view name, uint32_t flags) override;
  base::ErrnoOr<void> Rename(const lisafs::GlobalGuarantee&,
                             absl::string_view old_name,
                             lisafs::ControlFd& new_directory,
                             absl::string_view new_name,
                             uint32_t flags) override;
  void OnRenamed(const lisafs::GlobalGuarantee&) override;

  base::ErrnoOr<base::UniqueFd> Connect(const lisafs::ReadGuarantee&,
                                        uint32_t socket_type,
                                        lisafs::Owner peer) override;
  base::ErrnoOr<lisafs::BindResult> BindAt(const lisafs::WriteGuarantee&,
                                           absl::string_view name,
                                           uint32_t socket_type, uint32_t mode,
                                           lisafs::Owner owner) override;
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

  // A method under a guarantee on this FD's node, for as long as it runs.
  class Reading {
   public:
    Reading(const MemoryControlFd& fd, const lisafs::ReadGuarantee& guarantee);

   private:
    GuaranteeWitness::Shared tree_;
    GuaranteeWitness::Shared node_;
  };
  class Writing {
   public:
    Writing(const MemoryControlFd& fd, const lisafs::WriteGuarantee& guarantee);

   private:
    GuaranteeWitness::Shared tree_;
    GuaranteeWitness::Alone node_;
  };

  // For the calls that may be slow (FilePolicy::in_slow_call).
  void BeSlow() const;

 private:
  void CheckPath(const lisafs::TreeLock& tree) const;
  // A control FD on the entry `name`, which exists.
  base::ErrnoOr<lisafs::ControlFdAndStat> MakeChild(
      const lisafs::TreeLock& tree, absl::string_view name,
      lisafs::QuotaSlot slot, MemoryFs::InodePtr inode);
  // Puts `inode` here as `name`; takes it out again when there is no FD for it.
  base::ErrnoOr<lisafs::ControlFdAndStat> AddChild(
      const lisafs::TreeLock& tree, absl::string_view name,
      const MemoryFs::InodePtr& inode);
  base::ErrnoOr<lisafs::OpenResult> OpenUnguarded(uint32_t flags);
  bool has_xattrs() const;

  MemoryBackend& backend_;
  const MemoryFs::InodePtr inode_;
  const std::shared_ptr<GuaranteeWitness> witness_;
  std::string path_;  // Changes under the global guarantee only.
};

}  // namespace gofer::test

#endif  // GOFER_TESTS_SUPPORT_MEMORY_CONTROL_FD_H_
