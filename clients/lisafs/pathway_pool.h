// PathwayPool: the pathways of one connection (its socket and its channels),
// and who may use which of them.

#ifndef GOFER_CLIENTS_LISAFS_PATHWAY_POOL_H_
#define GOFER_CLIENTS_LISAFS_PATHWAY_POOL_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "server/base/errno.h"
#include "server/base/mutex.h"
#include "server/base/unique_fd.h"
#include "server/comm/client_channel.h"
#include "server/comm/client_communicator.h"
#include "server/comm/client_socket.h"

namespace gofer::client {

// The pathway of requests: the socket alone; or an idle channel, and the socket
// when no channel is idle.
enum class Pathway { kSocketOnly, kChannels };

class PathwayPool;

// The exclusive use of one pathway, given back on destruction. The pool
// outlives it. A thread that holds a lease must not wait for another: the pool
// may have a single pathway, and the thread would wait for itself.
class PathwayLease {
 public:
  PathwayLease(PathwayLease&& other) noexcept
      : pool_(other.pool_),
        pathway_(std::exchange(other.pathway_, nullptr)),
        dead_(other.dead_) {}
  PathwayLease& operator=(PathwayLease&&) = delete;
  ~PathwayLease();

  comm::ClientCommunicator* operator->() const { return pathway_; }
  comm::ClientCommunicator* get() const { return pathway_; }

  // The pathway failed in transport: nobody gets it again.
  void MarkDead() { dead_ = true; }

 private:
  friend class PathwayPool;
  PathwayLease(PathwayPool* pool, comm::ClientCommunicator* pathway)
      : pool_(pool), pathway_(pathway) {}

  PathwayPool* pool_;
  comm::ClientCommunicator* pathway_;
  bool dead_ = false;
};

// Owns the pathways. A request gets the channel that was released last (its
// window is the one in the caches), or the socket when no channel is idle. A
// dead channel is destroyed, a dead socket ends the connection. Thread-safe;
// destroyed after the last lease.
// Source: gVisor pkg/lisafs/client.go, Nov 2023.
class PathwayPool {
 public:
  struct Counters {
    uint64_t socket_calls = 0;
    uint64_t channel_calls = 0;
    size_t channels = 0;  // Alive now.
  };

  // `socket`: connected, AF_UNIX, SOCK_STREAM, blocking.
  explicit PathwayPool(base::UniqueFd socket);
  PathwayPool(const PathwayPool&) = delete;
  PathwayPool& operator=(const PathwayPool&) = delete;

  // Waits for a pathway. Errors: ECONNRESET after Shutdown.
  base::ErrnoOr<PathwayLease> Acquire();

  // Takes `channel` into the pool and leases it to the caller, who makes its
  // handshake. Shutdown can interrupt the handshake from here on. Errors:
  // ECONNRESET after Shutdown.
  base::ErrnoOr<PathwayLease> Adopt(
      std::unique_ptr<comm::ClientChannel> channel);

  // Sets the pathway of all requests from now on.
  void Use(Pathway pathway);

  // Ends the connection: calls in flight fail, future ones too. Idempotent.
  void Shutdown();

  Counters counters() const;
  // The socket, borrowed.
  int socket_fd() const { return socket_.fd(); }

 private:
  friend class PathwayLease;

  comm::ClientCommunicator* TakeIdleLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Release(comm::ClientCommunicator* pathway);
  void Discard(comm::ClientCommunicator* pathway);

  comm::ClientSocket socket_;

  mutable base::Mutex mu_;
  base::CondVar released_;
  Pathway use_ ABSL_GUARDED_BY(mu_) = Pathway::kChannels;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;
  bool socket_busy_ ABSL_GUARDED_BY(mu_) = false;
  std::vector<std::unique_ptr<comm::ClientChannel>> channels_
      ABSL_GUARDED_BY(mu_);
  // The channels that nobody uses. The last of them is used first.
  std::vector<comm::ClientChannel*> idle_ ABSL_GUARDED_BY(mu_);
  uint64_t socket_calls_ ABSL_GUARDED_BY(mu_) = 0;
  uint64_t channel_calls_ ABSL_GUARDED_BY(mu_) = 0;
};

}  // namespace gofer::client

#endif  // GOFER_CLIENTS_LISAFS_PATHWAY_POOL_H_
