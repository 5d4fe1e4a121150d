#include "controlplane/handoff/attach_server.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "controlplane/errors/error.h"
#include "controlplane/handoff/attach_audit.h"
#include "controlplane/handoff/attach_exchange.h"
#include "controlplane/handoff/attach_socket.h"
#include "controlplane/handoff/callback_gate.h"
#include "controlplane/link/task_pool.h"
#include "server/base/brief_closes.h"
#include "server/base/detached_thread.h"
#include "server/base/log.h"
#include "server/base/mutex.h"
#include "server/base/syscall.h"

namespace goferd::handoff {
namespace {

using errors::Reason;
using gofer::base::Errno;
using gofer::base::MutexLock;
using gofer::base::UniqueFd;

// This bound keeps a flood from holding the loop up in its other work.
constexpr int kAttachesPerTurn = 16;
constexpr absl::Duration kAttachPauseWithoutFds = absl::Milliseconds(100);
// At most so many clients wait to be told that there is no room for them.
constexpr size_t kMostRefusals = 128;
constexpr std::chrono::seconds kPatienceWithClosing(2);

gofer::base::RateLimit socket_accept_failures(10'000'000'000);

bool HasHungUp(int socket) {
  pollfd entry = {socket, 0, 0};
  return ::poll(&entry, 1, 0) == 1;
}

// A connected client. The thread that serves it closes its socket: whoever
// drops the last reference to this must not, since closing may block for ever.
struct Client {
  uint64_t id = 0;
  UniqueFd socket;
  gofer::uds::PeerCredentials peer;
  event_loop::EventLoop::TimerId timer = 0;
  std::unique_ptr<event_loop::EventLoop::Watch> watch;
};

}  // namespace

class AttachServer::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(AttachSocket socket, event_loop::EventLoop& loop,
       supervisor::Attachments& attachments, auth::AuditLog& audit,
       const Limits& limits)
      : limits_(limits),
        socket_(std::move(socket)),
        loop_(loop),
        attachments_(attachments),
        audit_(audit),
        refuser_({}) {}

  absl::Status Listen();
  void Stop();

 private:
  using ClientPtr = std::shared_ptr<Client>;

  void OnConnect();
  void PauseListening();
  void Admit(UniqueFd socket);
  bool HasRoom(uid_t uid) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool MayWait(uid_t uid) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void TakeIn(const ClientPtr& client) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Await(const ClientPtr& client);
  // Takes in clients that wait, as far as there is room.
  void AdmitWaiting();
  ClientPtr TakeInNext();
  void OnWaitedTooLong(const std::weak_ptr<Client>& client);
  bool CanRefuse();
  void Refuse(const ClientPtr& client);
  void RefuseNext();
  void Watch(const ClientPtr& client);
  void OnRequest(uint64_t id);
  void OnTimeout(uint64_t id);
  // Goes on with `client` on a thread of its own.
  using Work = void (Core::*)(Client& client);
  void Detach(const ClientPtr& client, Work work);
  void Serve(Client& client);
  void SendAway(Client& client);
  absl::StatusOr<std::vector<UniqueFd>> Exchange(Client& client);
  ClientPtr Find(uint64_t id);
  void Forget(uint64_t id);

  const Limits limits_;
  AttachSocket socket_;
  event_loop::EventLoop& loop_;
  supervisor::Attachments& attachments_;
  AttachAudit audit_;
  // Has one thread; closing cannot hold that up (see BriefCloses).
  link::TaskPool refuser_;
  // The loop's callbacks and calls of the supervisor go through the gate: Stop
  // waits for them, so that none runs when the objects that it uses are gone.
  CallbackGate gate_;
  std::atomic<bool> is_stopping_ = false;
  gofer::base::Mutex mu_;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  // The number of clients' threads.
  int threads_ ABSL_GUARDED_BY(mu_) = 0;
  gofer::base::CondVar idle_;
  uint64_t next_id_ ABSL_GUARDED_BY(mu_) = 1;
  std::map<uint64_t, ClientPtr> clients_ ABSL_GUARDED_BY(mu_);
  std::map<uid_t, size_t> of_user_ ABSL_GUARDED_BY(mu_);
  // Clients without a place, the first that came first.
  std::deque<ClientPtr> waiting_ ABSL_GUARDED_BY(mu_);
  std::deque<ClientPtr> refused_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<event_loop::EventLoop::Watch> watch_ ABSL_GUARDED_BY(mu_);
};

absl::Status AttachServer::Core::Listen() {
  const std::weak_ptr<Core> weak = weak_from_this();
  auto watch = loop_.AddReadable(socket_.fd(), [weak] {
    if (const auto core = weak.lock()) {
      core->gate_.Enter([&] { core->OnConnect(); });
    }
  });
  if (!watch.ok()) return watch.status();
  // The watch is stored under the lock: after Stop it is destroyed at once.
  MutexLock lock(mu_);
  if (!stopped_) watch_ = *std::move(watch);
  return absl::OkStatus();
}

void AttachServer::Core::Stop() {
  std::unique_ptr<event_loop::EventLoop::Watch> watch;
  is_stopping_ = true;
  gate_.Close();
  const auto deadline = std::chrono::steady_clock::now() + kPatienceWithClosing;
  std::vector<ClientPtr> waiting;
  {
    MutexLock lock(mu_);
    stopped_ = true;
    // A thread that closes for ever may be left behind: it owns all that it
    // uses.
    while (threads_ > 0 && idle_.WaitUntil(mu_, deadline)) continue;
    watch = std::move(watch_);
    for (const auto& [id, client] : clients_) {
      if (client->watch != nullptr) waiting.push_back(client);
    }
    waiting.insert(waiting.end(), waiting_.begin(), waiting_.end());
    waiting_.clear();
  }
  watch.reset();
  refuser_.Stop();
  const gofer::base::BriefCloses brief;
  for (const ClientPtr& client : waiting) {
    loop_.Cancel(client->timer);
    client->watch.reset();
    client->socket.reset();
  }
  MutexLock lock(mu_);
  for (const ClientPtr& client : refused_) client->socket.reset();
  // The name is freed now, and not when the loop lets go of this object: the
  // next goferd may want it.
  socket_.Close();
}

void AttachServer::Core::OnConnect() {
  for (int i = 0; i < kAttachesPerTurn; ++i) {
    if (!CanRefuse()) {
      PauseListening();
      return;
    }
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

// Is called when there are no descriptors or places left: the client stays in
// the queue, and without a pause the loop would spin.
void AttachServer::Core::PauseListening() {
  uint64_t suppressed = 0;
  if (socket_accept_failures.Allow(&suppressed)) {
    gofer::base::Log().error(
        "the attach socket takes no clients for now: there are too many, or no "
        "descriptors; {} times before",
        suppressed);
  }
  std::unique_ptr<event_loop::EventLoop::Watch> watch;
  {
    MutexLock lock(mu_);
    watch = std::move(watch_);
  }
  loop_.After(kAttachPauseWithoutFds, [weak = weak_from_this()] {
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
  const auto client = std::make_shared<Client>();
  const auto peer = gofer::uds::GetPeerCredentials(socket.get());
  if (peer.ok()) client->peer = *peer;
  client->socket = std::move(socket);
  bool waits = false;
  {
    MutexLock lock(mu_);
    if (peer.ok() && HasRoom(peer->uid)) {
      TakeIn(client);
    } else if (peer.ok() && MayWait(peer->uid)) {
      waiting_.push_back(client);
      waits = true;
    }
  }
  if (waits) return Await(client);
  client->id == 0 ? Refuse(client) : Watch(client);
}

bool AttachServer::Core::MayWait(uid_t uid) const {
  const auto of_user = static_cast<size_t>(std::count_if(
      waiting_.begin(), waiting_.end(),
      [uid](const ClientPtr& one) { return one->peer.uid == uid; }));
  return waiting_.size() < limits_.waiting && of_user < limits_.waiting_of_user;
}

void AttachServer::Core::TakeIn(const ClientPtr& client) {
  client->id = next_id_++;
  clients_.emplace(client->id, client);
  ++of_user_[client->peer.uid];
}

void AttachServer::Core::Await(const ClientPtr& client) {
  client->timer = loop_.After(
      limits_.wait, [weak = weak_from_this(), waiting = std::weak_ptr(client)] {
        if (const auto core = weak.lock()) {
          core->gate_.Enter([&] { core->OnWaitedTooLong(waiting); });
        }
      });
}

void AttachServer::Core::OnWaitedTooLong(const std::weak_ptr<Client>& waiting) {
  const ClientPtr client = waiting.lock();
  if (client == nullptr) return;
  {
    MutexLock lock(mu_);
    if (std::erase(waiting_, client) == 0) return;
  }
  Refuse(client);
}

AttachServer::Core::ClientPtr AttachServer::Core::TakeInNext() {
  MutexLock lock(mu_);
  const auto next = std::find_if(
      waiting_.begin(), waiting_.end(),
      [this](const ClientPtr& client)
          ABSL_NO_THREAD_SAFETY_ANALYSIS { return HasRoom(client->peer.uid); });
  if (stopped_ || next == waiting_.end()) return nullptr;
  ClientPtr client = *next;
  waiting_.erase(next);
  TakeIn(client);
  return client;
}

void AttachServer::Core::AdmitWaiting() {
  while (const ClientPtr client = TakeInNext()) {
    loop_.Cancel(client->timer);
    Watch(client);
  }
}

bool AttachServer::Core::CanRefuse() {
  MutexLock lock(mu_);
  return refused_.size() < kMostRefusals;
}

void AttachServer::Core::Refuse(const ClientPtr& client) {
  {
    MutexLock lock(mu_);
    refused_.push_back(client);
  }
  refuser_.Post([this] { RefuseNext(); });
}

void AttachServer::Core::RefuseNext() {
  ClientPtr client;
  {
    MutexLock lock(mu_);
    client = std::move(refused_.front());
    refused_.pop_front();
  }
  const gofer::base::BriefCloses brief;
  Discard(client->socket.get());
  Answer(client->socket.get(),
         errors::ErrorWithRetry(
             Reason::PROCESS_LIMIT,
             "the attach socket has too many clients: try again", 1000));
  client->socket.reset();
  Forget(client->id);
}

void AttachServer::Core::Watch(const ClientPtr& client) {
  const std::weak_ptr<Core> weak = weak_from_this();
  const uint64_t id = client->id;
  // This runs on the loop's thread, so that neither callback runs before it
  // returns.
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
    loop_.Cancel(client->timer);
    Refuse(client);
  }
}

void AttachServer::Core::OnRequest(uint64_t id) {
  const ClientPtr client = Find(id);
  if (client == nullptr || client->watch == nullptr) return;
  client->watch.reset();
  loop_.Cancel(client->timer);
  Detach(client, &Core::Serve);
}

void AttachServer::Core::OnTimeout(uint64_t id) {
  const ClientPtr client = Find(id);
  // A client without a watch has sent its request.
  if (client == nullptr || client->watch == nullptr) return;
  client->watch.reset();
  Detach(client, &Core::SendAway);
}

void AttachServer::Core::Detach(const ClientPtr& client, Work work) {
  {
    MutexLock lock(mu_);
    ++threads_;
  }
  const auto started = gofer::base::StartDetachedThread(
      "attach", [core = shared_from_this(), client, work] {
        {
          const gofer::base::BriefCloses brief;
          (core.get()->*work)(*client);
          client->socket.reset();
        }
        core->Forget(client->id);
        MutexLock lock(core->mu_);
        --core->threads_;
        core->idle_.NotifyAll();
      });
  if (started.ok()) return;
  {
    MutexLock lock(mu_);
    --threads_;
  }
  Refuse(client);
}

void AttachServer::Core::Serve(Client& client) {
  const auto result = Exchange(client);
  // The request has been read by now, or the client has closed its socket and
  // needs no answer.
  Answer(client.socket.get(), result);
}

void AttachServer::Core::SendAway(Client& client) {
  Answer(client.socket.get(),
         absl::DeadlineExceededError("the client has sent no request in time"));
}

absl::StatusOr<std::vector<UniqueFd>> AttachServer::Core::Exchange(
    Client& client) {
  const int socket = client.socket.get();
  auto request = PeekRequest(socket);
  if (!request.ok()) return absl::CancelledError();
  absl::Status known = request->status();
  // Nobody would get the sockets.
  if (known.ok() && ModeOf(**request) == admin::v1::ATTACH_MODE_TAKE &&
      HasHungUp(socket)) {
    return absl::CancelledError();
  }
  if (known.ok()) {
    known = GoingDown();
    gate_.Enter([&] {
      known = attachments_.CheckTickets((*request)->tickets, client.peer,
                                        ModeOf(**request));
      if (!known.ok()) audit_.Refused(WordOf(**request), client.peer, known);
    });
  }
  if (!known.ok()) {
    Discard(socket);
    return known;
  }
  auto order = ReceiveOrder(socket, **std::move(request));
  if (!order.ok()) return order.status();
  const OrderBounds bounds{std::chrono::steady_clock::now() +
                               absl::ToChronoNanoseconds(limits_.order_time),
                           is_stopping_};
  absl::StatusOr<std::vector<UniqueFd>> result = GoingDown();
  gate_.Enter([&] {
    result =
        CarryOut(*std::move(order), client.peer, attachments_, audit_, bounds);
  });
  return result;
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
  if (waiting_.empty()) return;
  loop_.Post([weak = weak_from_this()] {
    if (const auto core = weak.lock()) {
      core->gate_.Enter([&] { core->AdmitWaiting(); });
    }
  });
}

absl::StatusOr<std::unique_ptr<AttachServer>> AttachServer::Start(
    const config::v1::AttachConfig& config, event_loop::EventLoop& loop,
    supervisor::Attachments& attachments, auth::AuditLog& audit,
    const Limits& limits) {
  auto socket = AttachSocket::Listen(config);
  if (!socket.ok()) return socket.status();
  auto core = std::make_shared<Core>(*std::move(socket), loop, attachments,
                                     audit, limits);
  if (absl::Status listening = core->Listen(); !listening.ok()) {
    return listening;
  }
  return std::unique_ptr<AttachServer>(new AttachServer(std::move(core)));
}

AttachServer::~AttachServer() { core_->Stop(); }

}  // namespace goferd::handoff
