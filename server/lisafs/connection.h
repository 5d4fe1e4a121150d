// Connection: one client's association with a Server, on one socket and up to a
// few channels, mounted at one path of the tree.

#ifndef GOFER_SERVER_LISAFS_CONNECTION_H_
#define GOFER_SERVER_LISAFS_CONNECTION_H_

#include <atomic>
#include <bitset>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/base/errno.h"
#include "server/base/mutex.h"
#include "server/base/ref_ptr.h"
#include "server/base/unique_fd.h"
#include "server/comm/socket_communicator.h"
#include "server/lisafs/backend.h"
#include "server/lisafs/channel_set.h"
#include "server/lisafs/connection_state.h"
#include "server/lisafs/connection_stats.h"
#include "server/lisafs/end_reason.h"
#include "server/lisafs/fd_table.h"
#include "server/lisafs/handler_table.h"
#include "server/lisafs/hang_up_watch.h"
#include "server/lisafs/options.h"
#include "server/lisafs/pending_accepts.h"
#include "server/lisafs/quota.h"
#include "server/lisafs/request_gate.h"
#include "server/wire/message_id.h"

namespace gofer::lisafs {

class Server;

// Created by Server::CreateConnection and run by Server::StartConnection; held
// by shared_ptr so that an observer may look at a connection that has ended.
// Owns its socket, its backend and its FDs; the Server outlives it. Public
// methods are thread-safe.
class Connection {
 public:
  using Id = uint64_t;

  Connection(Server& server, Id id, std::string mount_path,
             const ConnectionOptions& options,
             std::unique_ptr<Backend> backend);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // FACTS, fixed

  Id id() const { return id_; }
  Server& server() const { return server_; }
  // Absolute and lexically clean.
  const std::string& mount_path() const { return mount_path_; }
  const ConnectionOptions& options() const { return options_; }
  // The Server's options, or the options that this connection has instead.
  const ServerOptions& behaviour() const { return behaviour_; }
  uint32_t max_message_size() const { return max_message_size_; }
  Backend& backend() { return *backend_; }

  // WHAT IT DOES NOW

  ConnectionState state() const { return state_.Get(); }
  // Why it ended; kNone while it has not.
  EndReason end_reason() const {
    return end_reason_.load(std::memory_order_acquire);
  }
  // Details of the end for people; may be empty. At most kMaxEndDetail bytes.
  std::string end_detail() const;
  // Sums over all pathways; counters move while it is read.
  ConnectionStats Stats() const;
  std::vector<InFlightRequest> InFlight() const;
  FdCounts fd_counts() const { return fds_.Counts(); }
  // Living tree nodes that this connection made.
  uint32_t node_count() const { return node_quota_->in_use(); }
  // Channels opened so far.
  size_t channel_count() const { return channels_.size(); }
  // Channels that take up memory, broken channels included; 0 after the end.
  size_t open_channel_count() const { return channels_.open_count(); }

  // Whether the client was given a descriptor of its mount point: what it does
  // with that is not seen here.
  bool mount_donated() const {
    return mount_donated_.load(std::memory_order_acquire);
  }

  // ENDING IT

  static constexpr size_t kMaxEndDetail = 1024;

  // Ends the connection for `reason`. The first reason given stays, with its
  // detail, which is cut to kMaxEndDetail bytes; a later call can only make the
  // stop harder. Returns at once: Server::Wait or the
  // Server's end callback tell when the connection has ended. Does nothing on a
  // connection that was not started or has ended.
  void Stop(StopMode mode, EndReason reason,
            absl::string_view detail = absl::string_view());

  // FOR BACKENDS

  // Takes a slot for one FD object; empty when the client has used up its slots
  // (EMFILE). Take it before opening the host FD: a client at its limit must
  // not make us open more.
  QuotaSlot TakeFdSlot() {
    QuotaSlot slot = QuotaSlot::Take(*assured_fds_);
    if (!slot) slot = QuotaSlot::Take(*pooled_fds_);
    return slot;
  }
  Quota& node_quota() { return *node_quota_; }

  // FOR HANDLERS

  // Whether a long request of `pathway` may give up: the connection is ending,
  // or its client has gone, which nobody else notices while the socket's thread
  // is busy. Costs a system call on the socket's pathway.
  bool MayGiveUp(comm::Communicator::Kind pathway) const;
  FdTable& fds() { return fds_; }
  ChannelSet& channels() { return channels_; }
  // Calls socket.Accept() for a request of `pathway`; the end of the connection
  // ends the call. No lock of the tree may be held.
  base::ErrnoOr<AcceptResult> Accept(BoundSocketFd& socket,
                                     comm::Communicator::Kind pathway);
  // Blocks a request of `pathway` until `done` (see HoldRoom::Wait), until
  // base::MonotonicNanos is `deadline_ns`, or until the connection is closing
  // or its client has gone. Errors: EMFILE, EAGAIN when no watch for the
  // client's hang-up could be started; the request has not been blocked then.
  base::ErrnoOr<void> Hold(comm::Communicator::Kind pathway,
                           uint64_t deadline_ns,
                           const std::function<bool()>& done);
  bool Supports(uint16_t message) const {
    return message < supported_.size() && supported_[message];
  }
  // Records that the client has mounted, and whether the answer gives it a
  // descriptor of the mount point. No lock may be held.
  void NoteMounted(bool donated);
  // Ends a draining connection once its client has no file open.
  void NoteFdsClosed();

 private:
  friend class ChannelSet;
  friend class Server;

  // The socket thread's body: serves until the socket ends, then tears down.
  void Run();
  // Serves one pathway until it ends; returns why it ended.
  EndReason Serve(comm::Communicator& communicator, PathwayStats& stats);
  // Handles one request; returns the error that ends the pathway.
  base::ErrnoOr<void> ServeOne(const HandlerTable& table,
                               comm::Communicator& communicator,
                               const comm::Request& request,
                               PathwayStats& stats);
  void SetEndReason(EndReason reason, absl::string_view detail);
  // Called before the connection is started.
  void SetSocket(base::UniqueFd socket);
  bool HasSocket();
  void DropSocket();
  // Lets all held requests go; no later request may be held either.
  void EndWaits();
  // Called on the socket thread: makes EndWaits be called when the client hangs
  // up while this thread is busy.
  base::ErrnoOr<void> WatchForHangUp();
  void TearDown();

  Server& server_;
  const Id id_;
  const std::string mount_path_;
  const ConnectionOptions options_;
  const ServerOptions behaviour_;
  const std::unique_ptr<Backend> backend_;
  const uint32_t max_message_size_;
  std::bitset<wire::kMessageIdCount> supported_;
  // See Server::ShareFds.
  const base::RefPtr<Quota> assured_fds_;
  const base::RefPtr<Quota> pooled_fds_;
  const base::RefPtr<Quota> node_quota_;

  ConnectionStateCell state_;
  std::atomic<EndReason> end_reason_ = EndReason::kNone;
  mutable base::Mutex end_mu_;
  std::string end_detail_ ABSL_GUARDED_BY(end_mu_);
  std::atomic<bool> mount_donated_ = false;
  // Responses are not sent any more.
  std::atomic<bool> aborted_ = false;
  // Requests are not held back any more.
  std::atomic<bool> waits_ended_ = false;
  RequestGate gate_;
  FdTable fds_;
  PendingAccepts accepts_;
  PathwayStats socket_stats_;
  ChannelSet channels_;
  // Used by the connection's own thread only.
  HangUpWatch hang_up_watch_;

  // Guards the pointer against teardown only. The connection's own thread,
  // which resets it, uses the socket without this lock.
  base::Mutex socket_mu_;
  std::unique_ptr<comm::SocketCommunicator> socket_;
};

}  // namespace gofer::lisafs

#endif  // GOFER_SERVER_LISAFS_CONNECTION_H_
