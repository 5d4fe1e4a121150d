#include "server/worker/control_thread.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "server/base/clock.h"
#include "server/base/log.h"
#include "server/base/syscall.h"
#include "server/control/versions.h"
#include "server/rules/unix_clock.h"
#include "server/worker/failure.h"
#include "server/worker/protocol_translation.h"
#include "server/worker/response_parts.h"

namespace gofer::worker {
namespace {

namespace v1 = ::goferd::worker::v1;

constexpr uint64_t kNanosPerMilli = 1'000'000;
constexpr uint64_t kLookIntervalNs = 1000 * kNanosPerMilli;
// The pause after an accept that failed for want of a free descriptor.
constexpr uint64_t kAcceptPauseNs = 200 * kNanosPerMilli;
constexpr uint64_t kLastWordsNs = 1000 * kNanosPerMilli;
// A socket that says it has room takes so many bytes at once.
constexpr size_t kPartBytes = size_t{64} << 10;

}  // namespace

ControlThread::ControlThread(GoferFacts facts, const Parts& parts,
                             base::UniqueFd listener,
                             int64_t stall_threshold_ns,
                             int64_t ended_retention_ns, Life life)
    : facts_(std::move(facts)),
      parts_(parts),
      listener_(std::move(listener)),
      stall_threshold_ns_(stall_threshold_ns),
      life_(life),
      connections_(parts.server, parts.notes, ended_retention_ns,
                   [this](const v1::Connection& connection) {
                     v1::Event event;
                     *event.mutable_connection_changed() = connection;
                     // goferd has it, and thousands of ends would be too much
                     // to queue.
                     event.mutable_connection_changed()->clear_daemon_data();
                     Emit(std::move(event));
                   }),
      service_(facts_, parts.server, parts.book, connections_) {}

void ControlThread::SetPeer(std::unique_ptr<ControlPeer> peer,
                            const v1::Party& party) {
  peer_ = std::move(peer);
  // The goferd that waited for its answer is replaced.
  service_.ForgetShutdown();
  peer_wants_events_ = control::HasCapability(party, v1::CAPABILITY_EVENTS);
  // The new goferd knows of no condition yet.
  conditions_.Reset();
  next_look_ns_ = 0;
}

void ControlThread::Run() {
  while (!is_done()) Turn();
  if (service_.shutdown() && peer_ != nullptr) {
    v1::Response response;
    response.set_request_id(service_.shutdown()->request_id);
    Answer(*peer_, std::move(response));
  }
  if (peer_ != nullptr) peer_->FlushAll(kLastWordsNs);
}

bool ControlThread::is_done() const {
  return connections_.live_count() == 0 &&
         (ending_ || life_ == Life::kAsLongAsConnections);
}

void ControlThread::Turn() {
  pollfd polled[kPolledCount] = {};
  for (pollfd& entry : polled) entry.fd = -1;
  polled[kSignal] = {parts_.signals.signal_fd(), POLLIN, 0};
  polled[kNotice] = {parts_.signals.notice_fd(), POLLIN, 0};
  const uint64_t before = base::MonotonicNanos();
  if (before >= accept_again_ns_) {
    polled[kListener] = {listener_.get(), POLLIN, 0};
  }
  if (peer_ != nullptr) {
    // A goferd that waits for our end is not listened to.
    const short events = service_.shutdown() && peer_->events() == POLLIN
                             ? short{0}
                             : peer_->events();
    polled[kPeer] = {peer_->fd(), events, 0};
  }
  if (candidate_ != nullptr) {
    polled[kCandidate] = {candidate_->fd(), candidate_->events(), 0};
  }
  base::RetryOnEintr(
      [&] { return ::poll(polled, kPolledCount, TimeoutMillis(before)); });
  if (polled[kSignal].revents != 0) TakeSignal();
  if (polled[kNotice].revents != 0) parts_.signals.TakeNotices();
  connections_.TakeNotes();
  Tick(base::MonotonicNanos());
  if (polled[kPeer].revents != 0) ServePeer();
  if (polled[kCandidate].revents != 0) ServeCandidate();
  if (polled[kListener].revents != 0) Accept();
  if (peer_ != nullptr) peer_->Flush();
  if (peer_ != nullptr && peer_->broken()) peer_.reset();
}

int ControlThread::TimeoutMillis(uint64_t now_ns) const {
  uint64_t next = std::min(connections_.NextTick(), abort_all_ns_);
  if (peer_ != nullptr && peer_wants_events_ &&
      (connections_.live_count() > 0 || conditions_.any())) {
    next = std::min(next, next_look_ns_);
  }
  if (now_ns < accept_again_ns_) next = std::min(next, accept_again_ns_);
  constexpr uint64_t kLongestMillis = 3'600'000;
  uint64_t millis = kLongestMillis;
  if (next <= now_ns) return 0;
  millis = std::min(millis, (next - now_ns) / kNanosPerMilli + 1);
  if (const auto expiry = parts_.book.NextExpiry()) {
    const int64_t wait = *expiry - rules::UnixNanos();
    if (wait <= 0) return 0;
    millis = std::min(millis, static_cast<uint64_t>(wait) / kNanosPerMilli + 1);
  }
  return static_cast<int>(millis);
}

void ControlThread::Tick(uint64_t now_ns) {
  connections_.Tick(now_ns);
  if (now_ns >= abort_all_ns_) {
    abort_all_ns_ = UINT64_MAX;
    connections_.StopAll(lisafs::StopMode::kAbort);
  }
  for (std::string& uid : parts_.book.ExpireNow(rules::UnixNanos())) {
    v1::Event event;
    event.mutable_rule_expired()->set_rule_uid(std::move(uid));
    Emit(std::move(event));
  }
  if (peer_ != nullptr && peer_wants_events_ && now_ns >= next_look_ns_) {
    LookAtConditions();
    next_look_ns_ = now_ns + kLookIntervalNs;
  }
}

void ControlThread::LookAtConditions() {
  using Type = v1::ConditionChanged;
  uint64_t all_fds = 0;
  connections_.Visit(
      [&](const std::string& uid, const lisafs::Connection& connection) {
        const lisafs::FdCounts counts = connection.fd_counts();
        const uint64_t fds = counts.control + counts.open + counts.bound_socket;
        all_fds += fds;
        const lisafs::ConnectionOptions& options = connection.options();
        conditions_.LookAtUse(uid, Type::FD_PRESSURE, fds, options.max_fds);
        conditions_.LookAtUse(uid, Type::NODE_PRESSURE, connection.node_count(),
                              options.max_nodes);
        if (stall_threshold_ns_ <= 0) return;
        const uint64_t now = base::MonotonicNanos();
        size_t count = 0;
        int64_t oldest = 0;
        for (const auto& request : connection.InFlight()) {
          const auto age = static_cast<int64_t>(
              now > request.since_ns ? now - request.since_ns : 0);
          if (age < stall_threshold_ns_) continue;
          ++count;
          oldest = std::max(oldest, age);
        }
        conditions_.LookAtStalls(uid, count, oldest);
      });
  conditions_.LookAtUse("", Type::FD_PRESSURE, all_fds,
                        facts_.adopt.limits().max_fds());
  for (v1::ConditionChanged& change : conditions_.EndRound()) {
    v1::Event event;
    *event.mutable_condition_changed() = std::move(change);
    Emit(std::move(event));
  }
}

void ControlThread::Accept() {
  auto socket = base::SyscallFd([&] {
    return ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
  });
  if (!socket.ok()) {
    accept_again_ns_ = base::MonotonicNanos() + kAcceptPauseNs;
    return;
  }
  candidate_ = std::make_unique<ControlPeer>(*std::move(socket));
}

void ControlThread::ServePeer() {
  peer_->Flush();
  while (!service_.shutdown() && peer_->events() == POLLIN) {
    auto request = peer_->Receive();
    if (!request) break;
    auto response = service_.Serve(*std::move(request));
    if (response) {
      Answer(*peer_, *std::move(response));
    } else {
      BeginShutdown(*service_.shutdown());
    }
    peer_->Flush();
  }
  // Notices a goferd that hangs up while it waits for our end.
  if (service_.shutdown()) (void)peer_->Receive();
}

void ControlThread::ServeCandidate() {
  candidate_->Flush();
  auto request = candidate_->Receive();
  if (request) {
    const v1::ToGofer& message = request->message;
    v1::Response response;
    response.set_request_id(message.request_id());
    if (!message.has_adopt()) {
      *response.mutable_failure() = MakeFailure(
          Failure::WRONG_STATE,
          "the gofer has a server: the first request has to be Adopt");
    } else if (!request->fds.empty()) {
      *response.mutable_failure() =
          MakeFailure(Failure::MALFORMED, "Adopt comes with descriptors");
    } else if (!control::CommonVersion(facts_.adopt.bootstrap().party(),
                                       message.adopt().party())) {
      *response.mutable_failure() =
          IncompatibleFailure(message.adopt().party());
    } else {
      return TakeOver(message);
    }
    Answer(*candidate_, std::move(response));
    candidate_->Flush();
  }
  if (candidate_->broken()) candidate_.reset();
}

void ControlThread::TakeOver(const v1::ToGofer& message) {
  base::Log().info("adopted by a goferd");
  SetPeer(std::move(candidate_), message.adopt().party());
  v1::Response response;
  response.set_request_id(message.request_id());
  *response.mutable_adopt() =
      service_.Adopt(message.adopt().party(), event_number_);
  Answer(*peer_, std::move(response));
}

void ControlThread::Answer(ControlPeer& peer, v1::Response response) {
  for (v1::Response& part : SplitResponse(std::move(response), kPartBytes)) {
    v1::FromGofer message;
    *message.mutable_response() = std::move(part);
    peer.Queue(message);
  }
}

void ControlThread::Emit(v1::Event event) {
  event.set_event_number(++event_number_);
  if (peer_ == nullptr || !peer_wants_events_) return;
  event.set_event_unix_ns(rules::UnixNanos());
  v1::FromGofer message;
  *message.mutable_event() = std::move(event);
  peer_->Queue(message);
}

void ControlThread::TakeSignal() {
  parts_.signals.TakeSignal();
  base::Log().info("asked to end");
  if (!ending_) {
    v1::Event event;
    event.mutable_ending();
    Emit(std::move(event));
  }
  connections_.StopAll(ending_ ? lisafs::StopMode::kAbort
                               : lisafs::StopMode::kClose);
  facts_.adopt.set_draining(true);
  ending_ = true;
}

void ControlThread::BeginShutdown(const ShutdownRequest& request) {
  ending_ = true;
  facts_.adopt.set_draining(true);
  if (request.close_timeout_ns <= 0) {
    return connections_.StopAll(lisafs::StopMode::kAbort);
  }
  connections_.StopAll(lisafs::StopMode::kClose);
  const auto timeout = static_cast<uint64_t>(request.close_timeout_ns);
  abort_all_ns_ = base::MonotonicNanos() + timeout;
}

}  // namespace gofer::worker
