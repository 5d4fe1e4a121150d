// FdHandle: the owner of one FDID of the server.

#ifndef GOFER_CLIENTS_LISAFS_FD_HANDLE_H_
#define GOFER_CLIENTS_LISAFS_FD_HANDLE_H_

#include <memory>
#include <utility>

#include "clients/lisafs/session.h"
#include "server/wire/types.h"

namespace gofer::client {

// Keeps the session alive, and queues a Close of the FDID when destroyed. Not
// thread-safe; different handles may be used by different threads.
class FdHandle {
 public:
  FdHandle(std::shared_ptr<Session> session, wire::FdId id)
      : session_(std::move(session)), id_(id) {}
  FdHandle(FdHandle&& other) noexcept = default;
  FdHandle& operator=(FdHandle&& other) noexcept {
    if (this != &other) {
      Reset();
      session_ = std::move(other.session_);
      id_ = other.id_;
    }
    return *this;
  }
  ~FdHandle() { Reset(); }

  wire::FdId id() const { return id_; }
  // Not to be called on a handle that was moved from.
  Session& session() const { return *session_; }
  const std::shared_ptr<Session>& shared_session() const { return session_; }

 private:
  void Reset() {
    const std::shared_ptr<Session> session = std::move(session_);
    if (session != nullptr) session->QueueClose(id_);
  }

  std::shared_ptr<Session> session_;  // Null after a move.
  wire::FdId id_;
};

}  // namespace gofer::client

#endif  // GOFER_CLIENTS_LISAFS_FD_HANDLE_H_
