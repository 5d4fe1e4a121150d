#include "controlplane/worker/gofer_client.h"

#include <fcntl.h>
#include <google/protobuf/arena.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "controlplane/worker/response_parts.h"
#include "server/base/brief_closes.h"
#include "server/base/clock.h"
#include "server/base/syscall.h"

namespace goferd::worker {
namespace {

using errors::Reason;
using gofer::base::Errno;
using gofer::base::ErrnoOr;
using gofer::base::MutexLock;
using gofer::base::UniqueFd;
using std::chrono::steady_clock;

// Requests without an answer, forgotten ones among them.
constexpr size_t kMaxPending = 1024;
// This bound keeps one gofer from holding up the loop for all others.
constexpr int kFramesPerTurn = 32;
constexpr size_t kBytesPerTurn = size_t{1} << 20;
constexpr absl::Duration kPause = absl::Milliseconds(50);
// The bound for all unfinished answers together.
constexpr size_t kMaxSpace = 2 * ResponseParts::kMaxSpace;
constexpr absl::Duration kLongestWait = absl::Hours(24);

absl::Status Unreachable(absl::string_view text) {
  return errors::Error(Reason::GOFER_UNREACHABLE, text);
}

absl::Status Unreachable(absl::string_view what, Errno error) {
  return errors::Error(Reason::GOFER_UNREACHABLE,
                       absl::StrCat(what, ": ", ::strerror(error.number())));
}

ErrnoOr<UniqueFd> ConnectIn(int directory, const std::string& name) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string path = absl::StrCat("/proc/self/fd/", directory, "/", name);
  if (path.size() >= sizeof(address.sun_path)) return Errno(ENAMETOOLONG);
  std::memcpy(address.sun_path, path.data(), path.size());
  auto socket = gofer::base::SyscallFd([] {
    return ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  });
  if (!socket.ok()) return socket;
  const auto connected = gofer::base::SyscallVoid([&] {
    return ::connect(socket->get(), reinterpret_cast<const sockaddr*>(&address),
                     sizeof(address));
  });
  if (!connected.ok()) return connected.error();
  return socket;
}

}  // namespace

// Lives as long as a call uses it. Locks: send_mu_ is taken before mu_;
// callbacks_mu_ is held while a callback runs, and no other lock with it.
class GoferClient::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(UniqueFd socket, event_loop::EventLoop& loop, Callbacks callbacks)
      : channel_(std::make_unique<gofer::control::ControlChannel>(
            std::move(socket), /*max_received_fds=*/0)),
        loop_(loop),
        callbacks_(std::move(callbacks)) {}
  ~Core() {
    // The channel may hold descriptors that the gofer sent, whose close may
    // linger.
    const gofer::base::BriefCloses brief;
    channel_.reset();
  }

  void Start();
  void Destroy();
  absl::StatusOr<wire::Response> Call(wire::ToGofer request,
                                      std::span<const int> fds,
                                      absl::Duration timeout,
                                      OutOfTime out_of_time);
  bool answers() {
    MutexLock lock(mu_);
    return !silent_;
  }
  bool connected() {
    MutexLock lock(mu_);
    return closed_.ok();
  }
  void GiveUp();

 private:
  // One request that waits for its answer.
  struct Pending {
    ResponseParts parts;
    gofer::base::CondVar changed;
    bool done = false;
  };
  using PendingPtr = std::shared_ptr<Pending>;
  using Deadline = steady_clock::time_point;

  absl::StatusOr<PendingPtr> Send(wire::ToGofer& request,
                                  std::span<const int> fds, Deadline deadline);
  absl::StatusOr<wire::Response> Wait(uint64_t id, Pending& pending,
                                      Deadline deadline, OutOfTime out_of_time);
  void OnReadable();
  bool MayTellOfMore();
  void Pause();
  absl::Status Take(const std::string& bytes);
  absl::Status TakeResponse(const wire::Response& response,
                            ResponseParts::Size size);
  bool HasSpace(size_t more) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Fail(const absl::Status& why);
  void Close(const absl::Status& why);
  // Runs on the loop's thread. The end of a silence is always told: a caller
  // may have noticed the silence before it was told.
  void TellAnswering(bool answers);

  std::unique_ptr<gofer::control::ControlChannel> channel_;
  event_loop::EventLoop& loop_;
  // The events that may still be told of, and since when. Used by the loop's
  // thread only.
  double event_tokens_ = kEventBurst;
  uint64_t tokens_time_ns_ = gofer::base::MonotonicNanos();
  gofer::base::Mutex callbacks_mu_;
  Callbacks callbacks_ ABSL_GUARDED_BY(callbacks_mu_);
  gofer::base::Mutex send_mu_;
  uint64_t next_id_ ABSL_GUARDED_BY(send_mu_) = 1;
  gofer::base::Mutex mu_;
  // The reason for which there are no more answers; OK while there are.
  absl::Status closed_ ABSL_GUARDED_BY(mu_);
  // A call has run out of time, and there was no answer since.
  bool silent_ ABSL_GUARDED_BY(mu_) = false;
  // Whether the last answer ended a silence. Used by the loop's thread only.
  bool ended_silence_ = false;
  std::map<uint64_t, PendingPtr> pending_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<event_loop::EventLoop::Watch> watch_ ABSL_GUARDED_BY(mu_);
};

void GoferClient::Core::Start() {
  const std::weak_ptr<Core> weak = weak_from_this();
  auto watch = loop_.AddReadable(channel_->fd(), [weak] {
    if (const auto core = weak.lock()) core->OnReadable();
  });
  if (!watch.ok()) {
    loop_.Post([core = shared_from_this(), why = watch.status()] {
      core->Close(why);
    });
    return;
  }
  MutexLock lock(mu_);
  // A client that has been closed meanwhile needs no watch, which is destroyed
  // after the lock then.
  if (closed_.ok()) watch_ = *std::move(watch);
}

// Ends all waiting calls with the first reason.
void GoferClient::Core::Fail(const absl::Status& why) {
  std::unique_ptr<event_loop::EventLoop::Watch> watch;
  MutexLock lock(mu_);
  if (closed_.ok()) closed_ = why;
  silent_ = false;
  for (const auto& [id, pending] : pending_) pending->changed.NotifyAll();
  watch = std::move(watch_);
}

void GoferClient::Core::TellAnswering(bool answers) {
  MutexLock lock(callbacks_mu_);
  if (callbacks_.on_answering) callbacks_.on_answering(answers);
}

void GoferClient::Core::Close(const absl::Status& why) {
  Fail(why);
  channel_->Shutdown();
  absl::Status reason;
  {
    MutexLock lock(mu_);
    reason = closed_;
  }
  MutexLock lock(callbacks_mu_);
  const auto on_closed = std::exchange(callbacks_, {}).on_closed;
  if (on_closed) on_closed(reason);
}

void GoferClient::Core::Destroy() {
  {
    // Taking the lock waits for a callback that runs.
    MutexLock lock(callbacks_mu_);
    callbacks_ = {};
  }
  Fail(Unreachable("goferd has closed its link to the gofer"));
  channel_->Shutdown();
}

void GoferClient::Core::GiveUp() {
  const absl::Status why = Unreachable("goferd is going down");
  {
    MutexLock lock(mu_);
    if (closed_.ok()) closed_ = why;
    for (const auto& [id, waiting] : pending_) waiting->changed.NotifyAll();
  }
  // The loop sees the end, and tells of it.
  channel_->Shutdown();
}

void GoferClient::Core::OnReadable() {
  {
    MutexLock lock(mu_);
    if (watch_ == nullptr && !closed_.ok()) return;
  }
  size_t byte_count = 0;
  for (int i = 0; i < kFramesPerTurn && byte_count < kBytesPerTurn; ++i) {
    if (!MayTellOfMore()) return Pause();
    const auto frame = channel_->Receive();
    if (!frame.ok()) {
      if (frame.error() == Errno(EAGAIN)) return;
      return Close(
          frame.error() == Errno(EMSGSIZE)
              ? Unreachable("the gofer sent descriptors")
              : Unreachable("the gofer's control socket", frame.error()));
    }
    if (absl::Status taken = Take(frame->bytes); !taken.ok()) {
      return Close(taken);
    }
    byte_count += frame->bytes.size();
  }
}

bool GoferClient::Core::MayTellOfMore() {
  if (event_tokens_ >= 1) return true;
  const uint64_t now = gofer::base::MonotonicNanos();
  const double seconds = static_cast<double>(now - tokens_time_ns_) / 1e9;
  tokens_time_ns_ = now;
  event_tokens_ =
      std::min(event_tokens_ + seconds * kEventsPerSecond, kEventBurst);
  return event_tokens_ >= 1;
}

// Meanwhile the events stay in the socket, and then in the gofer.
void GoferClient::Core::Pause() {
  std::unique_ptr<event_loop::EventLoop::Watch> watch;
  {
    MutexLock lock(mu_);
    watch = std::move(watch_);
  }
  loop_.After(kPause, [weak = weak_from_this()] {
    const auto core = weak.lock();
    if (core == nullptr) return;
    absl::Status closed;
    {
      MutexLock lock(core->mu_);
      closed = core->closed_;
    }
    // A call that sends may have noticed the gofer's end meanwhile; the loop
    // reports it.
    closed.ok() ? core->Start() : core->Close(closed);
  });
}

absl::Status GoferClient::Core::Take(const std::string& bytes) {
  // The message is made on an arena, which knows how much memory it takes.
  google::protobuf::Arena arena;
  auto& message =
      *google::protobuf::Arena::CreateMessage<wire::FromGofer>(&arena);
  if (!message.ParseFromString(bytes)) {
    return Unreachable("the gofer sent a malformed message");
  }
  if (message.has_response()) {
    absl::Status taken = TakeResponse(
        message.response(),
        {bytes.size(), bytes.size() + static_cast<size_t>(arena.SpaceUsed())});
    if (std::exchange(ended_silence_, false)) TellAnswering(true);
    return taken;
  }
  if (message.has_event()) {
    event_tokens_ -= 1;
    MutexLock lock(callbacks_mu_);
    if (callbacks_.on_event) callbacks_.on_event(message.event());
  }
  // Any other message comes from a newer gofer, and is ignored.
  return absl::OkStatus();
}

bool GoferClient::Core::HasSpace(size_t more) const {
  size_t space = more;
  for (const auto& [id, pending] : pending_) space += pending->parts.space();
  return space <= kMaxSpace;
}

absl::Status GoferClient::Core::TakeResponse(const wire::Response& response,
                                             ResponseParts::Size size) {
  MutexLock lock(mu_);
  const auto found = pending_.find(response.request_id());
  if (found == pending_.end()) {
    return Unreachable("the gofer answered a request that nobody made");
  }
  ended_silence_ = std::exchange(silent_, false);
  const PendingPtr pending = found->second;
  if (!HasSpace(size.space)) pending->parts.Refuse();
  absl::Status added = pending->parts.Add(response, size);
  if (!added.ok() || !pending->parts.complete()) return added;
  pending->done = true;
  pending_.erase(found);
  pending->changed.NotifyAll();
  return absl::OkStatus();
}

absl::StatusOr<GoferClient::Core::PendingPtr> GoferClient::Core::Send(
    wire::ToGofer& request, std::span<const int> fds, Deadline deadline) {
  MutexLock send_lock(send_mu_);
  request.set_request_id(next_id_);
  const std::string bytes = request.SerializeAsString();
  const auto pending = std::make_shared<Pending>();
  {
    MutexLock lock(mu_);
    if (!closed_.ok()) return closed_;
    if (pending_.size() >= kMaxPending) {
      return Unreachable("too many requests wait for the gofer");
    }
    pending_.emplace(next_id_, pending);
  }
  const auto left =
      std::max(deadline - steady_clock::now(), steady_clock::duration::zero());
  const auto sent = channel_->Send(
      bytes, fds,
      static_cast<uint64_t>(
          std::chrono::duration_cast<std::chrono::nanoseconds>(left).count()));
  if (!sent.ok() && sent.error() == Errno(EMSGSIZE)) {
    MutexLock lock(mu_);
    pending_.erase(next_id_);
    return errors::Error(Reason::FIELD_INVALID,
                         absl::StrCat("the request is too long for a gofer: ",
                                      bytes.size(), " bytes"));
  }
  ++next_id_;
  if (sent.ok()) return pending;
  const absl::Status why = Unreachable("asking the gofer", sent.error());
  // The loop sees the end, and tells of it.
  channel_->Shutdown();
  MutexLock lock(mu_);
  if (closed_.ok()) closed_ = why;
  for (const auto& [id, waiting] : pending_) waiting->changed.NotifyAll();
  return why;
}

absl::StatusOr<wire::Response> GoferClient::Core::Wait(uint64_t id,
                                                       Pending& pending,
                                                       Deadline deadline,
                                                       OutOfTime out_of_time) {
  MutexLock lock(mu_);
  while (!pending.done && closed_.ok()) {
    if (pending.changed.WaitUntil(mu_, deadline) || pending.done) continue;
    if (steady_clock::now() < deadline) continue;
    // The answer may come yet: it is checked, but not kept.
    pending.parts.Discard();
    if (out_of_time == OutOfTime::kIsSilence && !std::exchange(silent_, true)) {
      loop_.Post([core = weak_from_this()] {
        const auto kept = core.lock();
        if (kept != nullptr && !kept->answers()) kept->TellAnswering(false);
      });
    }
    return Unreachable("the gofer has not answered in time");
  }
  if (pending.done && pending.parts.too_long()) {
    return errors::Error(
        Reason::INTERNAL_FAULT,
        "the gofer's answer is too long: a newer gofer sends it in pages");
  }
  if (pending.done) return pending.parts.Take();
  pending_.erase(id);
  return closed_;
}

absl::StatusOr<wire::Response> GoferClient::Core::Call(wire::ToGofer request,
                                                       std::span<const int> fds,
                                                       absl::Duration timeout,
                                                       OutOfTime out_of_time) {
  const Deadline deadline =
      steady_clock::now() + absl::ToChronoNanoseconds(std::clamp(
                                timeout, absl::ZeroDuration(), kLongestWait));
  const auto pending = Send(request, fds, deadline);
  if (!pending.ok()) return pending.status();
  return Wait(request.request_id(), **pending, deadline, out_of_time);
}

absl::StatusOr<std::unique_ptr<GoferClient>> GoferClient::Connect(
    const std::string& path, event_loop::EventLoop& loop, Callbacks callbacks) {
  const size_t slash = path.rfind('/');
  const std::string parent =
      slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const auto directory = gofer::base::SyscallFd(
      [&] { return ::open(parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC); });
  if (!directory.ok()) return Unreachable(path, directory.error());
  auto socket =
      ConnectIn(directory->get(),
                slash == std::string::npos ? path : path.substr(slash + 1));
  if (!socket.ok()) return Unreachable(path, socket.error());
  return std::make_unique<GoferClient>(std::move(*socket), loop,
                                       std::move(callbacks));
}

GoferClient::GoferClient(UniqueFd socket, event_loop::EventLoop& loop,
                         Callbacks callbacks) {
  const auto peer = gofer::uds::GetPeerCredentials(socket.get());
  if (peer.ok()) peer_ = *peer;
  core_ = std::make_shared<Core>(std::move(socket), loop, std::move(callbacks));
  core_->Start();
}

GoferClient::~GoferClient() { core_->Destroy(); }

bool GoferClient::answers() const { return core_->answers(); }

bool GoferClient::connected() const { return core_->connected(); }

void GoferClient::GiveUp() { core_->GiveUp(); }

absl::StatusOr<wire::Response> GoferClient::Call(wire::ToGofer request,
                                                 std::span<const int> fds,
                                                 absl::Duration timeout,
                                                 OutOfTime out_of_time) {
  return core_->Call(std::move(request), fds, timeout, out_of_time);
}

absl::StatusOr<wire::Response> GoferClient::Ask(wire::ToGofer request,
                                                std::span<const int> fds,
                                                absl::Duration timeout,
                                                OutOfTime out_of_time) {
  auto response = Call(std::move(request), fds, timeout, out_of_time);
  if (response.ok() && response->has_failure()) {
    return ToStatus(response->failure());
  }
  return response;
}

}  // namespace goferd::worker
