// Extended attributes, which Nov 2023 does not have.

#include "server/hostfs/host_control_fd.h"
#include "server/hostfs/xattr.h"

namespace gofer::hostfs {

base::ErrnoOr<std::string> HostControlFd::GetXattr(const lisafs::ReadGuarantee&,
                                                   absl::string_view name,
                                                   uint32_t size) {
  if (backend_.level() == lisafs::ProtocolLevel::kNov2023) {
    return base::Errno(EOPNOTSUPP);
  }
  return hostfs::GetXattr(backend_.proc_self_fd(), host_fd(), name, size);
}

base::ErrnoOr<void> HostControlFd::SetXattr(const lisafs::WriteGuarantee&,
                                            absl::string_view name,
                                            absl::string_view value,
                                            uint32_t flags) {
  if (backend_.level() == lisafs::ProtocolLevel::kNov2023) {
    return base::Errno(EOPNOTSUPP);
  }
  return hostfs::SetXattr(backend_.proc_self_fd(), host_fd(), name, value,
                          flags);
}

base::ErrnoOr<std::string> HostControlFd::ListXattr(
    const lisafs::ReadGuarantee&, uint64_t size) {
  if (backend_.level() == lisafs::ProtocolLevel::kNov2023) {
    return base::Errno(EOPNOTSUPP);
  }
  return hostfs::ListXattr(backend_.proc_self_fd(), host_fd(), size);
}

base::ErrnoOr<void> HostControlFd::RemoveXattr(const lisafs::WriteGuarantee&,
                                               absl::string_view name) {
  if (backend_.level() == lisafs::ProtocolLevel::kNov2023) {
    return base::Errno(EOPNOTSUPP);
  }
  return hostfs::RemoveXattr(backend_.proc_self_fd(), host_fd(), name);
}

}  // namespace gofer::hostfs
