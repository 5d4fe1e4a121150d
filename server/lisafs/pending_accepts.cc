#include "server/lisafs/pending_accepts.h"

#include <algorithm>

namespace gofer::lisafs {

base::ErrnoOr<AcceptResult> PendingAccepts::Run(BoundSocketFd& socket) {
  {
    base::MutexLock lock(mu_);
    if (interrupted_) return base::Errno(ESHUTDOWN);
    at_work_.push_back(&socket);
  }
  auto accepted = socket.Accept();
  base::MutexLock lock(mu_);
  at_work_.erase(std::find(at_work_.begin(), at_work_.end(), &socket));
  return accepted;
}

void PendingAccepts::Interrupt() {
  base::MutexLock lock(mu_);
  interrupted_ = true;
  for (BoundSocketFd* const socket : at_work_) socket->Interrupt();
}

}  // namespace gofer::lisafs
