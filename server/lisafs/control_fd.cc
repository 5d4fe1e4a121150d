#include "server/lisafs/control_fd.h"

#include <utility>

#include "server/lisafs/bound_socket_fd.h"
#include "server/lisafs/connection.h"
#include "server/lisafs/open_fd.h"
#include "server/lisafs/server.h"

namespace gofer::lisafs {

ControlFd::ControlFd(Connection& connection, base::RefPtr<Node> node,
                     QuotaSlot slot, uint32_t mode)
    : Fd(Kind::kControl, connection, std::move(slot)),
      node_(std::move(node)),
      file_type_(mode & S_IFMT) {
  node_->AddControlFd(*this);
}

ControlFd::~ControlFd() = default;

void ControlFd::OnZeroRefs() {
  RenameMutex& rename_mu = connection().server().rename_mutex();
  const auto leave_tree = [this] {
    node_->RemoveControlFd(*this);
    node_.reset();
  };
  if (rename_mu.HeldByThisThread()) {
    leave_tree();
  } else {
    TreeLock tree(rename_mu);
    leave_tree();
  }
  delete this;
}

void ControlFd::NotifyRenamed(const GlobalGuarantee& global) {
  OnRenamed(global);
  base::SmallMutexLock lock(open_fds_mu_);
  for (OpenFd* fd = open_fds_; fd != nullptr; fd = fd->next_on_control_fd_) {
    fd->OnRenamed(global);
  }
}

void ControlFd::AddOpenFd(OpenFd& fd) {
  base::SmallMutexLock lock(open_fds_mu_);
  fd.next_on_control_fd_ = open_fds_;
  if (open_fds_ != nullptr) open_fds_->previous_on_control_fd_ = &fd;
  open_fds_ = &fd;
}

void ControlFd::RemoveOpenFd(OpenFd& fd) {
  base::SmallMutexLock lock(open_fds_mu_);
  if (fd.previous_on_control_fd_ != nullptr) {
    fd.previous_on_control_fd_->next_on_control_fd_ = fd.next_on_control_fd_;
  } else {
    open_fds_ = fd.next_on_control_fd_;
  }
  if (fd.next_on_control_fd_ != nullptr) {
    fd.next_on_control_fd_->previous_on_control_fd_ =
        fd.previous_on_control_fd_;
  }
}

base::ErrnoOr<base::UniqueFd> ControlFd::Connect(const ReadGuarantee&, uint32_t,
                                                 Owner) {
  return base::Errno(EOPNOTSUPP);
}

base::ErrnoOr<BindResult> ControlFd::BindAt(const WriteGuarantee&,
                                            absl::string_view, uint32_t,
                                            uint32_t, Owner) {
  return base::Errno(EOPNOTSUPP);
}

base::ErrnoOr<std::string> ControlFd::GetXattr(const ReadGuarantee&,
                                               absl::string_view, uint32_t) {
  return base::Errno(EOPNOTSUPP);
}

base::ErrnoOr<void> ControlFd::SetXattr(const WriteGuarantee&,
                                        absl::string_view, absl::string_view,
                                        uint32_t) {
  return base::Errno(EOPNOTSUPP);
}

base::ErrnoOr<std::string> ControlFd::ListXattr(const ReadGuarantee&,
                                                uint64_t) {
  return base::Errno(EOPNOTSUPP);
}

base::ErrnoOr<void> ControlFd::RemoveXattr(const WriteGuarantee&,
                                           absl::string_view) {
  return base::Errno(EOPNOTSUPP);
}

}  // namespace gofer::lisafs
