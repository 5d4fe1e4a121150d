#include "server/lisafs/connection.h"

#include <poll.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "server/base/clock.h"
#include "server/base/text.h"
#include "server/comm/donation.h"
#include "server/lisafs/dispatch.h"
#include "server/lisafs/request_context.h"
#include "server/lisafs/server.h"
#include "server/wire/encode.h"
#include "server/wire/messages/mount.h"

namespace gofer::lisafs {
namespace {

std::bitset<wire::kMessageIdCount> SupportedSet(const Backend& backend) {
  std::bitset<wire::kMessageIdCount> supported;
  for (const wire::MessageId id : backend.SupportedMessages()) {
    supported.set(static_cast<size_t>(id));
  }
  return supported;
}

// Why a pathway ended, from the error of its transport.
EndReason ReasonOf(base::Errno error) {
  switch (error.number()) {
    case ECONNRESET:
    case EPIPE:
      return EndReason::kClientEof;
    case EPROTO:
      return EndReason::kProtocolError;
    default:
      return EndReason::kSocketError;
  }
}

}  // namespace

Connection::Connection(Server& server, Id id, std::string mount_path,
                       const ConnectionOptions& options,
                       std::unique_ptr<Backend> backend)
    : server_(server),
      id_(id),
      mount_path_(std::move(mount_path)),
      options_(options),
      behaviour_(options.server_options.value_or(server.options())),
      backend_(std::move(backend)),
      max_message_size_(
          std::min(options.max_message_size, backend_->MaxMessageSize())),
      supported_(SupportedSet(*backend_)),
      assured_fds_(base::MakeRef<Quota>(
          std::min(options.max_fds, server.assured_fds_.load()))),
      pooled_fds_(base::MakeRef<Quota>(options.max_fds - assured_fds_->limit(),
                                       server.fd_pool_)),
      node_quota_(base::MakeRef<Quota>(options.max_nodes, server.node_pool_)),
      socket_stats_(PathwayStats::Kind::kSocket),
      channels_(*this, options.max_channels, max_message_size_) {
  if (backend_->wants_renamed()) {
    server_.renamed_listeners_.fetch_add(1, std::memory_order_acq_rel);
  }
}

Connection::~Connection() {
  if (backend_->wants_renamed()) {
    server_.renamed_listeners_.fetch_sub(1, std::memory_order_acq_rel);
  }
}

ConnectionStats Connection::Stats() const {
  ConnectionStats sums;
  socket_stats_.AddTo(sums);
  channels_.AddStatsTo(sums);
  return sums;
}

std::vector<InFlightRequest> Connection::InFlight() const {
  std::vector<InFlightRequest> requests;
  if (const auto request = socket_stats_.InFlight()) {
    requests.push_back(*request);
  }
  channels_.AddInFlightTo(requests);
  return requests;
}

std::string Connection::end_detail() const {
  base::MutexLock lock(end_mu_);
  return end_detail_;
}

void Connection::SetEndReason(EndReason reason, absl::string_view detail) {
  base::MutexLock lock(end_mu_);
  if (end_reason() != EndReason::kNone) return;
  const absl::string_view cut = base::CutText(detail, kMaxEndDetail);
  end_detail_.assign(cut.data(), cut.size());
  end_reason_.store(reason, std::memory_order_release);
}

void Connection::SetSocket(base::UniqueFd socket) {
  base::MutexLock lock(socket_mu_);
  socket_ = std::make_unique<comm::SocketCommunicator>(std::move(socket),
                                                       max_message_size_);
}

bool Connection::HasSocket() {
  base::MutexLock lock(socket_mu_);
  return socket_ != nullptr;
}

void Connection::DropSocket() {
  // Destroyed without the lock, which Stop needs.
  std::unique_ptr<comm::SocketCommunicator> socket;
  base::MutexLock lock(socket_mu_);
  socket = std::move(socket_);
}

void Connection::Stop(StopMode mode, EndReason reason,
                      absl::string_view detail) {
  const ConnectionState now = state_.Get();
  if (now == ConnectionState::kCreated || now == ConnectionState::kEnded) {
    return;
  }
  SetEndReason(reason, detail);
  if (mode == StopMode::kDrain) {
    state_.Advance(ConnectionState::kDraining);
    NoteFdsClosed();
    return;
  }
  state_.Advance(ConnectionState::kClosing);
  // First, because the requests that are let go below must not be answered.
  if (mode == StopMode::kAbort) aborted_.store(true, std::memory_order_release);
  gate_.Close();
  EndWaits();
  if (mode == StopMode::kAbort) channels_.Shutdown();
  base::MutexLock lock(socket_mu_);
  if (socket_ == nullptr) return;
  if (mode == StopMode::kAbort) {
    socket_->Shutdown();
  } else {
    socket_->ShutdownReceive();
  }
}

void Connection::EndWaits() {
  accepts_.Interrupt();
  waits_ended_.store(true, std::memory_order_release);
  server_.hold_room_.Wake();
}

bool Connection::MayGiveUp(comm::Communicator::Kind pathway) const {
  if (gate_.closed()) return true;
  if (pathway != comm::Communicator::Kind::kSocket) return false;
  // The socket's own thread asks: nobody takes the socket away meanwhile.
  // A client that only sends no more still waits for its answer.
  pollfd entry = {socket_->fd(), 0, 0};
  return ::poll(&entry, 1, 0) > 0;
}

base::ErrnoOr<void> Connection::WatchForHangUp() {
  return hang_up_watch_.Start(socket_->fd(), [this] { EndWaits(); });
}

base::ErrnoOr<AcceptResult> Connection::Accept(
    BoundSocketFd& socket, comm::Communicator::Kind pathway) {
  if (pathway == comm::Communicator::Kind::kSocket) {
    if (auto watched = WatchForHangUp(); !watched.ok()) return watched.error();
  }
  return accepts_.Run(socket);
}

base::ErrnoOr<void> Connection::Hold(comm::Communicator::Kind pathway,
                                     uint64_t deadline_ns,
                                     const std::function<bool()>& done) {
  if (pathway == comm::Communicator::Kind::kSocket) {
    if (auto watched = WatchForHangUp(); !watched.ok()) return watched.error();
  }
  server_.hold_room_.Wait(deadline_ns, [this, &done] {
    return waits_ended_.load(std::memory_order_acquire) || done();
  });
  return {};
}

void Connection::NoteMounted(bool donated) {
  // A client may mount again, and get the descriptor only then.
  const bool is_news = donated && !mount_donated_.exchange(true);
  if (!state_.Advance(ConnectionState::kMounted) && !is_news) return;
  if (server_.on_connection_mounted_) server_.on_connection_mounted_(*this);
}

void Connection::NoteFdsClosed() {
  if (state_.Get() != ConnectionState::kDraining) return;
  const FdCounts counts = fds_.Counts();
  if (counts.open == 0 && counts.bound_socket == 0) {
    Stop(StopMode::kClose, end_reason());
  }
}

void Connection::Run() {
  SetEndReason(Serve(*socket_, socket_stats_), absl::string_view());
  state_.Advance(ConnectionState::kClosing);
  TearDown();
}

EndReason Connection::Serve(comm::Communicator& communicator,
                            PathwayStats& stats) {
  Server::TableCache cache;
  while (true) {
    const base::ErrnoOr<comm::Request> request = communicator.Receive();
    if (!request.ok()) return ReasonOf(request.error());
    const auto served =
        ServeOne(server_.CurrentTable(cache), communicator, *request, stats);
    if (!served.ok()) return ReasonOf(served.error());
  }
}

base::ErrnoOr<void> Connection::ServeOne(const HandlerTable& table,
                                         comm::Communicator& communicator,
                                         const comm::Request& request,
                                         PathwayStats& stats) {
  const uint64_t start_ns = base::MonotonicNanos();
  stats.Begin(request.message, start_ns);
  // Left after the response is sent and the context's FDs are dropped, so that
  // teardown cannot overtake either.
  std::optional<RequestGate::Pass> pass;
  RequestContext context(*this, communicator, request, table, stats);
  base::ErrnoOr<size_t> length = base::Errno(ECONNRESET);
  if (request.too_long) {
    length = base::Errno(EIO);
  } else if (pass = gate_.TryEnter(); pass) {
    length = Dispatch(context);
  }
  uint16_t message = request.message;
  int error_number = 0;
  if (!length.ok()) {
    const wire::ErrorResp error{length.error().wire()};
    error_number = length.error().number();
    message = static_cast<uint16_t>(wire::MessageId::kError);
    context.DropDonations();
    const auto room = communicator.Response(wire::EncodedSize(error));
    if (!room.ok()) return room.error();
    length = wire::Encode(error, *room);
  }
  for (const base::UniqueFd& fd : context.owned_donations()) {
    if (fd.valid()) comm::PrepareDonation(fd.get());
  }
  stats.End(request.message, error_number, request.payload_len, *length,
            base::MonotonicNanos() - start_ns);
  if (aborted_.load(std::memory_order_acquire)) return base::Errno(ESHUTDOWN);
  return communicator.Send(message, *length, context.donations());
}

void Connection::TearDown() {
  gate_.Close();
  EndWaits();
  gate_.CloseAndWait();
  channels_.Close();
  hang_up_watch_.Stop();
  DropSocket();
  fds_.Clear();
  state_.Advance(ConnectionState::kEnded);
}

}  // namespace gofer::lisafs
