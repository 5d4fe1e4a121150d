#include "server/lisafs/server.h"

#include <string>
#include <utility>

#include "server/base/log.h"
#include "server/lisafs/mount_path.h"

namespace gofer::lisafs {

Server::Server(const ServerOptions& options, EndCallback on_connection_end,
               MountedCallback on_connection_mounted)
    : options_(options),
      on_connection_end_(std::move(on_connection_end)),
      on_connection_mounted_(std::move(on_connection_mounted)),
      root_(Node::MakeRoot(nodes_)),
      current_table_(HandlerTable::Stock().get()),
      table_(HandlerTable::Stock()) {}

Server::~Server() {
  for (const auto& connection : Connections()) {
    connection->Stop(StopMode::kAbort, EndReason::kServerShutdown);
  }
  Wait();
  Destroy();
}

void Server::SetHandlers(std::shared_ptr<const HandlerTable> table) {
  base::MutexLock lock(table_mu_);
  table_ = std::move(table);
  current_table_.store(table_.get(), std::memory_order_release);
}

std::shared_ptr<const HandlerTable> Server::Handlers() const {
  base::MutexLock lock(table_mu_);
  return table_;
}

base::ErrnoOr<std::shared_ptr<Connection>> Server::CreateConnection(
    absl::string_view mount_path, const ConnectionOptions& options,
    std::unique_ptr<Backend> backend) {
  base::ErrnoOr<std::string> path = CleanMountPath(mount_path);
  if (!path.ok()) return path.error();
  constexpr uint32_t kSmallestMessageSize = 4096;
  if (backend == nullptr || backend->MaxMessageSize() < kSmallestMessageSize ||
      backend->MaxMessageSize() > wire::kMaxMessageSize ||
      options.max_message_size < kSmallestMessageSize ||
      options.max_message_size > wire::kMaxMessageSize) {
    return base::Errno(EINVAL);
  }
  if (destroyed_.load(std::memory_order_acquire)) {
    return base::Errno(ESHUTDOWN);
  }
  return std::make_shared<Connection>(
      *this, next_connection_id_.fetch_add(1, std::memory_order_relaxed),
      std::move(*path), options, std::move(backend));
}

base::ErrnoOr<std::shared_ptr<Connection>> Server::CreateConnection(
    base::UniqueFd socket, absl::string_view mount_path,
    const ConnectionOptions& options, std::unique_ptr<Backend> backend) {
  if (!socket.valid()) return base::Errno(EINVAL);
  auto connection = CreateConnection(mount_path, options, std::move(backend));
  if (connection.ok()) (*connection)->SetSocket(std::move(socket));
  return connection;
}

base::ErrnoOr<void> Server::StartConnection(
    std::shared_ptr<Connection> connection, base::UniqueFd socket) {
  if (!socket.valid()) return base::Errno(EINVAL);
  base::MutexLock lock(mu_);
  if (connection->state() != ConnectionState::kCreated) {
    return base::Errno(EINVAL);
  }
  connection->SetSocket(std::move(socket));
  return StartThread(connection);
}

base::ErrnoOr<void> Server::StartConnection(
    std::shared_ptr<Connection> connection) {
  base::MutexLock lock(mu_);
  if (connection->state() != ConnectionState::kCreated ||
      !connection->HasSocket()) {
    return base::Errno(EINVAL);
  }
  return StartThread(connection);
}

base::ErrnoOr<void> Server::StartThread(
    const std::shared_ptr<Connection>& connection) {
  // Registered first: nothing may fail once the thread runs.
  const auto running =
      running_.emplace(connection->id(), Running{connection, {}}).first;
  base::ErrnoOr<base::Thread> thread = base::Thread::Start(
      "gofer-conn", [this, connection] { Run(connection); });
  if (!thread.ok()) {
    running_.erase(running);
    connection->DropSocket();
    return thread.error();
  }
  running->second.thread = std::move(*thread);
  connection->state_.Advance(ConnectionState::kAttached);
  active_.fetch_add(1, std::memory_order_acq_rel);
  return {};
}

void Server::Run(std::shared_ptr<Connection> connection) {
  // Waits until StartThread has recorded this thread.
  { base::MutexLock started(mu_); }
  connection->Run();
  if (on_connection_end_) on_connection_end_(*connection);

  const ConnectionStats stats = connection->Stats();
  // The thread that ends last is joined by Wait, every other by the next to
  // end.
  RunningMap ended;
  base::MutexLock lock(mu_);
  ended.swap(unjoined_);
  ended_stats_ += stats;
  auto self = running_.extract(connection->id());
  self.mapped().connection.reset();
  unjoined_.insert(std::move(self));
  active_.fetch_sub(1, std::memory_order_acq_rel);
  ended_.NotifyAll();
}

void Server::Wait() {
  RunningMap ended;
  {
    base::MutexLock lock(mu_);
    while (!running_.empty()) ended_.Wait(mu_);
    ended.swap(unjoined_);
  }
  // Joined here, outside of the lock, by the destructors.
}

void Server::Destroy() {
  destroyed_.store(true, std::memory_order_release);
  GlobalGuarantee global(rename_mu_);
  root_.reset();
}

ConnectionStats Server::TotalStats() const {
  ConnectionStats sums;
  std::vector<std::shared_ptr<Connection>> running;
  {
    base::MutexLock lock(mu_);
    sums = ended_stats_;
    running = CopyRunningLocked();
  }
  // A connection that ends meanwhile is still held, with its counters.
  for (const auto& connection : running) sums += connection->Stats();
  return sums;
}

std::vector<std::shared_ptr<Connection>> Server::Connections() const {
  base::MutexLock lock(mu_);
  return CopyRunningLocked();
}

std::vector<std::shared_ptr<Connection>> Server::CopyRunningLocked() const {
  std::vector<std::shared_ptr<Connection>> connections;
  connections.reserve(running_.size());
  for (const auto& [id, running] : running_) {
    connections.push_back(running.connection);
  }
  return connections;
}

}  // namespace gofer::lisafs
