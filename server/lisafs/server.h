// Server: one served file tree and everything that its connections share.

#ifndef GOFER_SERVER_LISAFS_SERVER_H_
#define GOFER_SERVER_LISAFS_SERVER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/base/errno.h"
#include "server/base/mutex.h"
#include "server/base/ref_ptr.h"
#include "server/base/thread.h"
#include "server/base/unique_fd.h"
#include "server/lisafs/backend.h"
#include "server/lisafs/channel_limit.h"
#include "server/lisafs/connection.h"
#include "server/lisafs/connection_stats.h"
#include "server/lisafs/guarantees.h"
#include "server/lisafs/handler_table.h"
#include "server/lisafs/hold_room.h"
#include "server/lisafs/node.h"
#include "server/lisafs/options.h"

namespace gofer::lisafs {

// Owns the node tree, the rename lock, the handler table and the threads of its
// connections. All public methods are thread-safe. A Server outlives its
// connections: the destructor aborts connections that still run and waits for
// them. Source of the surface: gVisor pkg/lisafs/server.go, Nov 2023.
class Server {
 public:
  // Called on the connection's thread once everything of it is released, just
  // before it ceases to count as active. Must not call Wait, which waits for
  // that.
  using EndCallback = std::function<void(const Connection&)>;
  // Called once for each connection whose client mounts, and once more if only
  // a later Mount gives it a descriptor of its mount point; on the thread of
  // the Mount, before the Mount is answered and with no lock held. Must not
  // block.
  using MountedCallback = std::function<void(const Connection&)>;

  explicit Server(const ServerOptions& options = {},
                  EndCallback on_connection_end = nullptr,
                  MountedCallback on_connection_mounted = nullptr);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  const ServerOptions& options() const { return options_; }

  // Replaces the whole table. Requests that have begun finish with the old
  // table; every request begun after the return sees the new table.
  void SetHandlers(std::shared_ptr<const HandlerTable> table);
  std::shared_ptr<const HandlerTable> Handlers() const;

  // Makes a connection mounted at `mount_path` of the tree. The path is cleaned
  // lexically. A connection that is dropped without being started leaves
  // nothing behind. Errors: EINVAL for a relative path, a null backend, or a
  // backend whose maximum message size is not in 4096..wire::kMaxMessageSize;
  // ESHUTDOWN after Destroy.
  base::ErrnoOr<std::shared_ptr<Connection>> CreateConnection(
      absl::string_view mount_path, const ConnectionOptions& options,
      std::unique_ptr<Backend> backend);
  // The same with its socket, for the StartConnection that takes none. Errors:
  // also EINVAL for an invalid socket.
  base::ErrnoOr<std::shared_ptr<Connection>> CreateConnection(
      base::UniqueFd socket, absl::string_view mount_path,
      const ConnectionOptions& options, std::unique_ptr<Backend> backend);

  // Starts to serve a connection made here on `socket`, a connected UNIX stream
  // socket. On failure the socket is closed and the connection stays as it was.
  // Errors: EINVAL for an invalid socket or a connection that was started
  // before, EAGAIN when there is no room for a thread.
  base::ErrnoOr<void> StartConnection(std::shared_ptr<Connection> connection,
                                      base::UniqueFd socket);
  // The same on the socket that the connection was created with.
  base::ErrnoOr<void> StartConnection(std::shared_ptr<Connection> connection);

  // Blocks until no started connection is left and their threads have ended.
  // When several callers wait at once, the threads have surely ended only when
  // the last of them returns.
  void Wait();

  // Drops the tree's root: no new connections or mounts. Running connections
  // go on with the FDs they have.
  void Destroy();

  // Connections started and not ended, exactly. Takes no lock.
  int64_t ActiveConnectionCount() const {
    return active_.load(std::memory_order_acquire);
  }
  // The active connections by id.
  std::vector<std::shared_ptr<Connection>> Connections() const;
  // The counters of all connections that were ever started, ended connections
  // included. Each connection is counted exactly once at any time.
  ConnectionStats TotalStats() const;

  // The most channels that all connections have together. A further Channel is
  // answered ENOMEM, and the client goes on without it. 0 allows no channel. At
  // first there is no limit. A lower limit takes no channel away.
  void SetMaxChannels(uint32_t limit) { channel_limit_.Set(limit); }
  // Channels open now, of all connections.
  uint32_t ChannelCount() const { return channel_limit_.in_use(); }

  // FDs that connections have: `assured` to each, whatever others do, and
  // `pooled` that all of them share, at most ConnectionOptions::max_fds
  // together. Until this is called, each is assured of its max_fds. `assured`
  // holds for connections that are created later; a lower `pooled` takes no FD
  // away.
  void ShareFds(uint32_t assured, uint32_t pooled) {
    assured_fds_.store(assured, std::memory_order_relaxed);
    fd_pool_->SetLimit(pooled);
  }
  // The most nodes that all connections have together, each at most its
  // max_nodes. At first there is no limit.
  void LimitNodes(uint32_t limit) { node_pool_->SetLimit(limit); }

  // Makes held requests check again whether to go on; see RequestContext::Hold.
  void WakeHeldRequests() { hold_room_.Wake(); }

  // Nodes alive in the tree, the root among them.
  int64_t NodeCount() const { return nodes_.load(std::memory_order_acquire); }

  // FOR HANDLERS

  RenameMutex& rename_mutex() { return rename_mu_; }
  // Null after Destroy.
  Node* root(const TreeLock&) const { return root_.get(); }
  // Whether some connection's backend must be told of renames.
  bool anyone_wants_renamed() const {
    return renamed_listeners_.load(std::memory_order_acquire) > 0;
  }

  // Keeps the table that a pathway used last, so that using the current one
  // costs one load.
  class TableCache {
   private:
    friend class Server;
    std::shared_ptr<const HandlerTable> table_;
  };
  // The current table; valid until the next call with the same cache.
  const HandlerTable& CurrentTable(TableCache& cache) const {
    if (current_table_.load(std::memory_order_acquire) != cache.table_.get()) {
      cache.table_ = Handlers();
    }
    return *cache.table_;
  }

 private:
  friend class ChannelSet;
  friend class Connection;

  // Starts the thread of a connection that is not started and has its socket.
  base::ErrnoOr<void> StartThread(const std::shared_ptr<Connection>& connection)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Run(std::shared_ptr<Connection> connection);
  std::vector<std::shared_ptr<Connection>> CopyRunningLocked() const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const ServerOptions options_;
  const EndCallback on_connection_end_;
  const MountedCallback on_connection_mounted_;

  std::atomic<int64_t> nodes_ = 0;
  RenameMutex rename_mu_;
  base::RefPtr<Node> root_;  // Changes under the global guarantee.

  std::atomic<const HandlerTable*> current_table_;
  std::atomic<int64_t> active_ = 0;
  std::atomic<int> renamed_listeners_ = 0;
  std::atomic<uint64_t> next_connection_id_ = 1;
  std::atomic<bool> destroyed_ = false;
  ChannelLimit channel_limit_;
  std::atomic<uint32_t> assured_fds_ = UINT32_MAX;
  const base::RefPtr<Quota> fd_pool_ = base::MakeRef<Quota>(0u);
  const base::RefPtr<Quota> node_pool_ = base::MakeRef<Quota>(UINT32_MAX);
  HoldRoom hold_room_;

  mutable base::Mutex table_mu_;
  std::shared_ptr<const HandlerTable> table_ ABSL_GUARDED_BY(table_mu_);

  struct Running {
    std::shared_ptr<Connection> connection;
    base::Thread thread;
  };
  using RunningMap = std::map<Connection::Id, Running>;
  mutable base::Mutex mu_;
  base::CondVar ended_;
  RunningMap running_ ABSL_GUARDED_BY(mu_);
  // Threads of ended connections; joined when destroyed.
  RunningMap unjoined_ ABSL_GUARDED_BY(mu_);
  // The sums over connections that are not running any more.
  ConnectionStats ended_stats_ ABSL_GUARDED_BY(mu_);
};

}  // namespace gofer::lisafs

#endif  // GOFER_SERVER_LISAFS_SERVER_H_
