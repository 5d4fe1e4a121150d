#include "controlplane/handoff/listen_server.h"

#include <sys/resource.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "controlplane/handoff/attach_audit.h"
#include "controlplane/handoff/callback_gate.h"
#include "controlplane/handoff/listen_directory.h"
#include "controlplane/link/task_pool.h"
#include "controlplane/model/model.h"
#include "controlplane/names/resource_name.h"
#include "controlplane/tickets/attach_claim.h"
#include "controlplane/tickets/ticket_table.h"
#include "server/base/log.h"
#include "server/base/mutex.h"
#include "server/base/syscall.h"

namespace goferd::handoff {
namespace {

using errors::Reason;
using gofer::base::Errno;
using gofer::base::Log;
using gofer::base::MutexLock;
using gofer::base::UniqueFd;
using gofer::uds::PeerCredentials;
using tickets::AttachClaim;
using tickets::ConnectionSocket;
using tickets::TicketTable;

// This bound keeps a flood from holding the loop up in its other work.
constexpr int kAcceptsPerTurn = 16;
constexpr int kRetryMs = 1000;
// So many gofers may hang before one more keeps others' clients waiting.
constexpr size_t kMostThreads = 128;
constexpr absl::Duration kPauseWithoutFds = absl::Milliseconds(100);

gofer::base::RateLimit accept_failures(10'000'000'000);
gofer::base::RateLimit refusals(10'000'000'000);
gofer::base::RateLimit attach_failures(10'000'000'000);

size_t HalfOfTheDescriptors() {
  rlimit own = {};
  if (::getrlimit(RLIMIT_NOFILE, &own) != 0) return 0;
  return static_cast<size_t>(own.rlim_cur / 2);
}

// A socket that waits for its client. Its watch is destroyed before the socket,
// and only touched on the loop's thread.
struct Listener {
  std::string ticket;
  UniqueFd socket;
  std::unique_ptr<event_loop::EventLoop::Watch> watch;
};

}  // namespace

class ListenServer::Core : public tickets::ConnectionSockets,
                           public std::enable_shared_from_this<Core> {
 public:
  Core(const config::v1::AttachConfig& config, ListenDirectory directory,
       event_loop::EventLoop& loop, supervisor::Attachments& attachments,
       auth::AuditLog& audit, const Limits& limits);

  void Stop();
  // Called by the handle of a ticket that has become void.
  void Close(uint64_t id);

  absl::Status Check() const override { return paths_; }
  absl::StatusOr<std::unique_ptr<ConnectionSocket>> Open(
      const std::string& ticket) override;
  ByTicket Reopen(const std::vector<std::string>& tickets,
                  Others others) override;

 private:
  using ListenerPtr = std::shared_ptr<Listener>;
  class Handle;

  absl::Status CheckRoom() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  std::optional<std::string> TakeLeft(const std::string& sha256);
  // Runs on the loop's thread.
  void Watch(uint64_t id);
  void WatchLater(uint64_t id, Listener& listener, absl::Duration pause);
  void OnConnect(uint64_t id);
  enum class Admission { kAttached, kRefused };
  Admission Admit(const std::string& ticket, UniqueFd socket);
  void Attach(const AttachClaim& claim, const PeerCredentials& peer,
              UniqueFd socket);
  ListenerPtr Find(uint64_t id);

  const Limits limits_;
  const size_t max_sockets_;
  const absl::Status paths_;
  ListenDirectory directory_;
  event_loop::EventLoop& loop_;
  supervisor::Attachments& attachments_;
  AttachAudit audit_;
  link::TaskPool pool_;
  CallbackGate gate_;
  gofer::base::Mutex mu_;
  bool stopped_ ABSL_GUARDED_BY(mu_) = false;
  uint64_t next_id_ ABSL_GUARDED_BY(mu_) = 1;
  std::map<uint64_t, ListenerPtr> listeners_ ABSL_GUARDED_BY(mu_);
  // Tickets whose paths were left by an earlier run, by SHA-256.
  std::map<std::string, std::string> left_ ABSL_GUARDED_BY(mu_);
};

// The part of a listener that its ticket owns: with it the path goes.
class ListenServer::Core::Handle : public ConnectionSocket {
 public:
  Handle(std::shared_ptr<Core> core, uint64_t id, std::string path)
      : core_(std::move(core)), id_(id), path_(std::move(path)) {}
  ~Handle() override { core_->Close(id_); }
  const std::string& path() const override { return path_; }

 private:
  const std::shared_ptr<Core> core_;
  const uint64_t id_;
  const std::string path_;
};

ListenServer::Core::Core(const config::v1::AttachConfig& config,
                         ListenDirectory directory, event_loop::EventLoop& loop,
                         supervisor::Attachments& attachments,
                         auth::AuditLog& audit, const Limits& limits)
    : limits_(limits),
      max_sockets_(limits.sockets == 0 ? HalfOfTheDescriptors()
                                       : limits.sockets),
      paths_(CheckListenPaths(config)),
      directory_(std::move(directory)),
      loop_(loop),
      attachments_(attachments),
      audit_(audit),
      pool_({limits.threads, kMostThreads, limits.threads}, "listen") {
  for (std::string& ticket : directory_.List()) {
    std::string sha256 = TicketTable::HashOf(ticket);
    left_.emplace(std::move(sha256), std::move(ticket));
  }
}

void ListenServer::Core::Stop() {
  gate_.Close();
  std::map<uint64_t, ListenerPtr> listeners;
  {
    MutexLock lock(mu_);
    stopped_ = true;
    listeners.swap(listeners_);
  }
  listeners.clear();
  pool_.Stop();
}

void ListenServer::Core::Close(uint64_t id) {
  ListenerPtr listener;
  {
    MutexLock lock(mu_);
    const auto found = listeners_.find(id);
    // After Stop the path belongs to the next goferd.
    if (found == listeners_.end()) return;
    listener = std::move(found->second);
    listeners_.erase(found);
  }
  directory_.Remove(listener->ticket);
  // The watch goes on the loop's thread: this caller need not wait for it.
  loop_.Post([listener] { listener->watch.reset(); });
}

absl::Status ListenServer::Core::CheckRoom() const {
  if (stopped_) {
    return errors::Error(Reason::SHUTTING_DOWN,
                         "goferd is going down: try again when it is back");
  }
  if (listeners_.size() < max_sockets_) return absl::OkStatus();
  return errors::ErrorWithRetry(
      Reason::FD_LIMIT,
      absl::StrCat(max_sockets_,
                   " connections wait for clients at their paths, as many as "
                   "goferd's limit of open files allows: raise it, use TAKE or "
                   "GIVE, or wait"),
      kRetryMs, {{"limit", absl::StrCat(max_sockets_)}});
}

absl::StatusOr<std::unique_ptr<ConnectionSocket>> ListenServer::Core::Open(
    const std::string& ticket) {
  {
    MutexLock lock(mu_);
    if (absl::Status status = CheckRoom(); !status.ok()) return status;
  }
  auto socket = directory_.Listen(ticket);
  if (!socket.ok()) {
    return errors::FromErrno(socket.error().number(),
                             "a socket for ATTACH_MODE_LISTEN");
  }
  auto listener = std::make_shared<Listener>();
  listener->ticket = ticket;
  listener->socket = std::move(*socket);
  uint64_t id = 0;
  {
    MutexLock lock(mu_);
    if (absl::Status status = CheckRoom(); !status.ok()) {
      // After Stop the path belongs to the next goferd, which may open it
      // again.
      if (!stopped_) directory_.Remove(ticket);
      return status;
    }
    id = next_id_++;
    listeners_.emplace(id, std::move(listener));
  }
  loop_.Post([weak = weak_from_this(), id] {
    if (const auto core = weak.lock()) {
      core->gate_.Enter([&] { core->Watch(id); });
    }
  });
  return std::make_unique<Handle>(shared_from_this(), id,
                                  directory_.PathOf(ticket));
}

std::optional<std::string> ListenServer::Core::TakeLeft(
    const std::string& sha256) {
  MutexLock lock(mu_);
  const auto found = left_.find(sha256);
  if (stopped_ || found == left_.end()) return std::nullopt;
  std::string ticket = std::move(found->second);
  left_.erase(found);
  return ticket;
}

tickets::ConnectionSockets::ByTicket ListenServer::Core::Reopen(
    const std::vector<std::string>& tickets, Others others) {
  ByTicket opened;
  std::map<std::string, std::string> failed;
  for (const std::string& sha256 : tickets) {
    auto ticket = TakeLeft(sha256);
    if (!ticket) continue;
    auto socket = Open(*ticket);
    if (socket.ok()) {
      opened.emplace(sha256, *std::move(socket));
    } else {
      failed.emplace(sha256, *std::move(ticket));
    }
  }
  MutexLock lock(mu_);
  if (others == Others::kRemove && !stopped_) {
    for (const auto& [sha256, ticket] : left_) directory_.Remove(ticket);
    left_.clear();
  }
  left_.merge(failed);
  return opened;
}

void ListenServer::Core::Watch(uint64_t id) {
  const ListenerPtr listener = Find(id);
  if (listener == nullptr) return;
  auto watch =
      loop_.AddReadable(listener->socket.get(), [weak = weak_from_this(), id] {
        if (const auto core = weak.lock()) {
          core->gate_.Enter([&] { core->OnConnect(id); });
        }
      });
  if (watch.ok()) {
    listener->watch = *std::move(watch);
  } else {
    WatchLater(id, *listener, kPauseWithoutFds);
  }
}

void ListenServer::Core::WatchLater(uint64_t id, Listener& listener,
                                    absl::Duration pause) {
  listener.watch.reset();
  loop_.After(pause, [weak = weak_from_this(), id] {
    if (const auto core = weak.lock()) {
      core->gate_.Enter([&] { core->Watch(id); });
    }
  });
}

void ListenServer::Core::OnConnect(uint64_t id) {
  const ListenerPtr listener = Find(id);
  if (listener == nullptr) return;
  bool refused = false;
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    // The socket is blocking, as the gofer's end of a pair is.
    auto socket = gofer::base::SyscallFd([&] {
      return ::accept4(listener->socket.get(), nullptr, nullptr, SOCK_CLOEXEC);
    });
    if (socket.ok()) {
      if (Admit(listener->ticket, std::move(*socket)) == Admission::kAttached) {
        return;
      }
      refused = true;
      continue;
    }
    if (socket.error() == Errno(EAGAIN)) break;
    if (socket.error() == Errno(ECONNABORTED)) continue;
    // There are no descriptors left: the client stays in the queue, and without
    // a pause the loop would spin.
    uint64_t suppressed = 0;
    if (accept_failures.Allow(&suppressed)) {
      Log().warn(
          "a connection's own socket takes no client for now: accept fails, as "
          "{} times before",
          suppressed);
    }
    WatchLater(id, *listener, kPauseWithoutFds);
    return;
  }
  if (refused) WatchLater(id, *listener, limits_.pause);
}

// No lock is held here: the claim closes the listener through its handle, which
// takes the lock.
ListenServer::Core::Admission ListenServer::Core::Admit(
    const std::string& ticket, UniqueFd socket) {
  const auto peer = gofer::uds::GetPeerCredentials(socket.get());
  if (!peer.ok()) return Admission::kRefused;
  auto claims =
      attachments_.ClaimTickets({ticket}, *peer, admin::v1::ATTACH_MODE_LISTEN);
  if (claims.ok()) {
    Attach(claims->front(), *peer, std::move(socket));
    return Admission::kAttached;
  }
  audit_.Refused("LISTEN", *peer, claims.status());
  uint64_t suppressed = 0;
  if (refusals.Allow(&suppressed)) {
    Log().warn(
        "process {} of user {} connected to a connection's own socket and is "
        "refused ({}), as {} were before",
        peer->pid, peer->uid, std::string(claims.status().message()),
        suppressed);
  }
  return Admission::kRefused;
}

void ListenServer::Core::Attach(const AttachClaim& claim,
                                const PeerCredentials& peer, UniqueFd socket) {
  // The task shares the socket, since it must be copyable. `this` waits for the
  // pool, so that the task may use it.
  auto shared = std::make_shared<UniqueFd>(std::move(socket));
  pool_.Post({claim.server_id}, [this, claim, peer, shared] {
    const absl::Status attached =
        attachments_.Attach(claim, std::move(*shared), peer);
    audit_.Used("LISTEN", peer, claim, attached);
    uint64_t suppressed = 0;
    if (!attached.ok() && attach_failures.Allow(&suppressed)) {
      Log().warn(
          "{}: its client is not attached: {}; {} more before",
          names::FormatConnectionName(claim.server_id, claim.connection_id),
          std::string(attached.message()), suppressed);
    }
  });
}

ListenServer::Core::ListenerPtr ListenServer::Core::Find(uint64_t id) {
  MutexLock lock(mu_);
  const auto found = listeners_.find(id);
  return found == listeners_.end() ? nullptr : found->second;
}

absl::StatusOr<std::unique_ptr<ListenServer>> ListenServer::Start(
    const config::v1::AttachConfig& config, event_loop::EventLoop& loop,
    supervisor::Attachments& attachments, auth::AuditLog& audit,
    const Limits& limits) {
  auto directory = ListenDirectory::Open(config);
  if (!directory.ok()) return directory.status();
  auto core = std::make_shared<Core>(config, *std::move(directory), loop,
                                     attachments, audit, limits);
  attachments.SetSockets(core);
  return std::unique_ptr<ListenServer>(
      new ListenServer(attachments, std::move(core)));
}

ListenServer::~ListenServer() {
  attachments_.SetSockets(nullptr);
  core_->Stop();
}

}  // namespace goferd::handoff
