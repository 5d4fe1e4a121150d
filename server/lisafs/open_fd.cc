#include "server/lisafs/open_fd.h"

#include <utility>

namespace gofer::lisafs {

OpenFd::OpenFd(base::RefPtr<ControlFd> control_fd, QuotaSlot slot,
               uint32_t flags)
    : Fd(Kind::kOpen, control_fd->connection(), std::move(slot)),
      control_fd_(std::move(control_fd)),
      readable_((flags & O_ACCMODE) == O_RDONLY ||
                (flags & O_ACCMODE) == O_RDWR),
      writable_((flags & O_ACCMODE) == O_WRONLY ||
                (flags & O_ACCMODE) == O_RDWR) {}

OpenFd::~OpenFd() = default;

void OpenFd::TellOfRenames(const TreeLock&) {
  is_told_ = true;
  control_fd_->AddOpenFd(*this);
}

void OpenFd::OnZeroRefs() {
  if (is_told_) control_fd_->RemoveOpenFd(*this);
  delete this;
}

}  // namespace gofer::lisafs
