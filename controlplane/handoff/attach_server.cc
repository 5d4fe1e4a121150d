#include "controlplane/handoff/attach_server.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "controlplane/errors/error.h"
#include "controlplane/handoff/attach_audit.h"
#include "controlplane/handoff/attach_exchange.h"
#include "controlplane/handoff/attach_socket.h"
#include "controlplane/handoff/callback_gate.h"
#include "controlplane/supervisor/task_pool.h"
#include "server/base/log.h"
#include "server/base/mutex.h"
#include "server/base/syscall.h"

namespace goferd::handoff {
namespace {

using errors::Reason;
using gofer::base::Errno;
using gofer::base::MutexLock;
using gofer::base::UniqueFd;

// So that a flood does not keep the loop from its other work.
constexpr int kAcceptsPerTurn = 16;
constexpr absl::Duration kPauseWithoutFds = absl::Milliseconds(100);

gofer::base::RateLimit accept_failures(10'000'000'000);

// One that has connected. Its socket goes last.
struct Client {
  UniqueFd socket;
  gofer::uds::PeerCredentials peer;
  worker::EventLoop::TimerId timer = 0;
  std::unique_ptr<worker::EventLoop::Watch> watch;
};

}  // namespace

class AttachServer::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(AttachSocket socket, worker::EventLoop& loop,
       supervisor::Supervisor& supervisor, auth::AuditLog& audit,
       const Limits& limits)
      : limits_(limits),
        socket_(std::move(socket)),
        loop_(loop),
        supervisor_(supervisor),
        audit_(audit),
        pool_(limits.threads) {}

  absl::Status Listen();
  void Stop();

 private:
  using ClientPtr = std::shared_ptr<Client>;

  void OnConnect();
  void PauseListening();
  void Admit(UniqueFd socket);
  bool HasRoom(uid_t uid) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Watch(uint64_t id, const ClientPtr& client);
  void OnRequest(uint64_t id);
  void OnTimeout(uint64_t id);
  void Serve(uint64_t id, const ClientPtr& client, AttachOrder order);
  ClientPtr Find(uint64_t id);
  void Forget(uint64_t id);

  const Limits limits_;
  AttachSocket socket_;
  worker::EventLoop& loop_;
  supervisor::Supervisor& supervisor_;
  AttachAudit audit_;
  supervisor::TaskPool pool_;
  CallbackGate gate_;
  gofer::base::Mutex mu_;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  uint64_t next_id_ ABSL_GUARDED_BY(mu_) = 1;
  std::map<uint64_t, ClientPtr> clients_ ABSL_GUARDED_BY(mu_);
  std::map<uid_t, size_t> of_user_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<worker::EventLoop::Watch> watch_ ABSL_GUARDED_BY(mu_);
};

absl::Status AttachServer::Core::Listen() {
  const std::weak_ptr<Core> weak = weak_from_this();
  auto watch = loop_.AddReadable(socket_.fd(), [weak] {
    if (const auto core = weak.lock())
      core->gate_.Enter([&] { core->OnConnect(); });
  });
  if (!watch.ok()) return watch.status();
  // Behind the lock: after Stop the watch goes at once.
  MutexLock lock(mu_);
  if (!stopped_) watch_ = *std::move(watch);
  return absl::OkStatus();
}

void AttachServer::Core::Stop() {
  std::unique_ptr<worker::EventLoop::Watch> watch;
  std::vector<ClientPtr> clients;
  gate_.Close();
  {
    MutexLock lock(mu_);
    stopped_ = true;
    watch = std::move(watch_);
    for (const auto& [id, client] : clients_) clients.push_back(client);
    clients_.clear();
  }
  watch.reset();
  for (const ClientPtr& client : clients) loop_.Cancel(client->timer);
  pool_.Stop();
  // Now, and not when the loop lets go of this object: somebody else may want
  // the name.
  socket_.Close();
}

void AttachServer::Core::OnConnect() {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    auto socket = gofer::base::SyscallFd([this] {
      return ::accept4(socket_.fd(), nullptr, nullptr,
                       SOCK_CLOEXEC | SOCK_NONBLOCK);
    });
    if (socket.ok()) {
      Admit(std::move(*socket));
      continue;
    }
    if (socket.error() == Errno(EAGAIN)) return;
    if (socket.error() == Errno(ECONNABORTED)) continue;
    PauseListening();
    return;
  }
}

// Out of descriptors: the client stays in the queue, and the loop would spin.
void AttachServer::Core::PauseListening() {
  uint64_t suppressed = 0;
  if (accept_failures.Allow(&suppressed)) {
    gofer::base::Log().error(
        "the attach socket takes no clients for now: accept fails, as {} times "
        "before",
        suppressed);
  }
  std::unique_ptr<worker::EventLoop::Watch> watch;
  {
    MutexLock lock(mu_);
    watch = std::move(watch_);
  }
  loop_.After(kPauseWithoutFds, [weak = weak_from_this()] {
    if (const auto core = weak.lock()) {
      core->gate_.Enter([&] {
        if (!core->Listen().ok()) core->PauseListening();
      });
    }
  });
}

bool AttachServer::Core::HasRoom(uid_t uid) {
  if (clients_.size() >= limits_.clients) return false;
  const auto user = of_user_.find(uid);
  return user == of_user_.end() || user->second < limits_.clients_of_user;
}

void AttachServer::Core::Admit(UniqueFd socket) {
  const auto peer = gofer::uds::GetPeerCredentials(socket.get());
  if (!peer.ok()) return;
  const auto client = std::make_shared<Client>();
  client->socket = std::move(socket);
  client->peer = *peer;
  uint64_t id = 0;
  {
    MutexLock lock(mu_);
    if (stopped_) return;
    if (HasRoom(peer->uid)) {
      id = next_id_++;
      clients_.emplace(id, client);
      ++of_user_[peer->uid];
    }
  }
  if (id == 0) {
    Answer(client->socket.get(),
           errors::ErrorWithRetry(Reason::PROCESS_LIMIT,
                                  "too many clients: try again", 1000));
    return;
  }
  Watch(id, client);
}

void AttachServer::Core::Watch(uint64_t id, const ClientPtr& client) {
  const std::weak_ptr<Core> weak = weak_from_this();
  // On the loop's thread: neither runs before this returns.
  client->timer = loop_.After(limits_.patience, [weak, id] {
    if (const auto core = weak.lock()) {
      core->gate_.Enter([&] { core->OnTimeout(id); });
    }
  });
  auto watch = loop_.AddReadable(client->socket.get(), [weak, id] {
    if (const auto core = weak.lock()) {
      core->gate_.Enter([&] { core->OnRequest(id); });
    }
  });
  if (watch.ok()) {
    client->watch = *std::move(watch);
  } else {
    Forget(id);
  }
}

void AttachServer::Core::OnRequest(uint64_t id) {
  const ClientPtr client = Find(id);
  if (client == nullptr || client->watch == nullptr) return;
  auto received = ReceiveOrder(client->socket.get());
  if (!received.ok() && received.error() == Errno(EAGAIN)) return;
  client->watch.reset();
  loop_.Cancel(client->timer);
  if (!received.ok()) {
    Forget(id);
    return;
  }
  if (!received->ok()) {
    Answer(client->socket.get(), received->status());
    Forget(id);
    return;
  }
  Serve(id, client, **std::move(received));
}

void AttachServer::Core::OnTimeout(uint64_t id) {
  const ClientPtr client = Find(id);
  // Without a watch its request has come.
  if (client == nullptr || client->watch == nullptr) return;
  client->watch.reset();
  Answer(client->socket.get(),
         absl::DeadlineExceededError("no request has come in time"));
  Forget(id);
}

void AttachServer::Core::Serve(uint64_t id, const ClientPtr& client,
                               AttachOrder order) {
  // A task must be copyable; `this` waits for the pool.
  auto shared = std::make_shared<AttachOrder>(std::move(order));
  pool_.Post([this, id, client, shared] {
    Answer(client->socket.get(),
           CarryOut(std::move(*shared), client->peer, supervisor_, audit_));
    Forget(id);
  });
}

AttachServer::Core::ClientPtr AttachServer::Core::Find(uint64_t id) {
  MutexLock lock(mu_);
  const auto found = clients_.find(id);
  return found == clients_.end() ? nullptr : found->second;
}

void AttachServer::Core::Forget(uint64_t id) {
  ClientPtr client;
  MutexLock lock(mu_);
  const auto found = clients_.find(id);
  if (found == clients_.end()) return;
  client = found->second;
  clients_.erase(found);
  const auto user = of_user_.find(client->peer.uid);
  if (--user->second == 0) of_user_.erase(user);
}

absl::StatusOr<std::unique_ptr<AttachServer>> AttachServer::Start(
    const config::v1::AttachConfig& config, worker::EventLoop& loop,
    supervisor::Supervisor& supervisor, auth::AuditLog& audit,
    const Limits& limits) {
  auto socket = AttachSocket::Listen(config);
  if (!socket.ok()) return socket.status();
  auto core = std::make_shared<Core>(*std::move(socket), loop, supervisor,
                                     audit, limits);
  if (absl::Status listening = core->Listen(); !listening.ok()) {
    return listening;
  }
  return std::unique_ptr<AttachServer>(new AttachServer(std::move(core)));
}

AttachServer::~AttachServer() { core_->Stop(); }

}  // namespace goferd::handoff
