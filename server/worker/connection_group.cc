#include "server/worker/connection_group.h"

#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "server/base/log.h"
#include "server/base/unique_fd.h"
#include "server/hostfs/host_backend.h"
#include "server/lisafs/connection_stats.h"
#include "server/rules/unix_clock.h"
#include "server/uds/unix_socket.h"
#include "server/wire/message_id.h"
#include "server/wire/message_list.h"
#include "server/worker/protocol_translation.h"

namespace gofer::worker {
namespace {

// Soft limits above this only make tables larger than anybody needs.
constexpr rlim_t kMostFds = rlim_t{1} << 20;
// Enough for `ls -l` of a large directory; each pins an inode of the host.
constexpr rlim_t kContainerFds = rlim_t{1} << 17;
// The most channels of a connection whose options say 0.
constexpr uint32_t kChannels = 4;
// The defaults, since no goferd was there to say otherwise.
constexpr int64_t kStallThresholdNs = 30'000'000'000;
constexpr int64_t kEndedRetentionNs = 600'000'000'000;
// A connection with fewer FDs is of no use.
constexpr uint32_t kFewestFds = 16;

std::string NameOf(size_t connection) {
  return absl::StrCat("io-", connection);
}

const char* WhyNoSocket(base::Errno error) {
  switch (error.number()) {
    case EBADF:
      return "no such descriptor was inherited";
    case ENOTSOCK:
      return "not a socket";
    case EAFNOSUPPORT:
      return "not a UNIX socket";
    case EPROTOTYPE:
      return "not a stream socket";
    case EOPNOTSUPP:
      return "a listening socket: pass a connected one";
    case ENOTCONN:
      return "not connected";
    default:
      return std::strerror(error.number());
  }
}

// "Walk 12, FStat 3": how often each message came, in the order of their
// numbers.
std::string CallsOf(const lisafs::Connection& connection) {
  const lisafs::ConnectionStats stats = connection.Stats();
  std::string calls;
  const auto add = [&](absl::string_view name, uint64_t count) {
    if (count == 0) return;
    absl::StrAppend(&calls, calls.empty() ? "" : ", ", name, " ", count);
  };
  for (uint16_t message = 0; message < wire::kMessageIdCount; ++message) {
    add(wire::NameOf(message), stats.messages[message].calls);
  }
  add("unknown", stats.messages[lisafs::ConnectionStats::kUnknown].calls);
  return calls.empty() ? "none" : calls;
}

}  // namespace

StageResult ConnectionGroup::BlockSignals() {
  auto signals = TerminationSignals::Block();
  if (!signals.ok()) {
    return StageError("block-signals", "signalfd", signals.error(),
                      ExitCode::kSignals);
  }
  signals_ = std::make_unique<TerminationSignals>(std::move(*signals));
  return std::nullopt;
}

void ConnectionGroup::RaiseHardFdLimit() {
  rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  if (limit.rlim_max >= kContainerFds) return;
  limit.rlim_max = kContainerFds;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

StageResult ConnectionGroup::ShareFds(uint32_t max_fds,
                                      std::optional<uint64_t> process_limit) {
  constexpr absl::string_view kStage = "raise-fd-limit";
  rlimit limit;
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return StageError(kStage, "getrlimit", base::Errno::Last(),
                      ExitCode::kFdLimit);
  }
  limit.rlim_cur = std::min(limit.rlim_max, process_limit.value_or(kMostFds));
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    return StageError(kStage, "setrlimit", base::Errno::Last(),
                      ExitCode::kFdLimit);
  }
  const auto connections = static_cast<uint32_t>(sockets_.size());
  process_fds_ = static_cast<uint32_t>(std::min(limit.rlim_cur, kMostFds));
  shares_ = FdShares::Of(process_fds_, connections, kChannels * connections);
  const uint32_t share = shares_.assured + shares_.pooled / connections;
  const uint32_t wanted = max_fds != 0 ? max_fds : kFewestFds;
  if (share < wanted) {
    return StageError(
        kStage,
        absl::StrCat("RLIMIT_NOFILE of ", limit.rlim_cur, " leaves ", share,
                     " FDs to each of ", connections, " connections, ", wanted,
                     " are wanted: raise the limit"),
        ExitCode::kFdLimit);
  }
  // One mount's many files must not fail for what others leave unused.
  if (max_fds != 0) {
    shares_.assured = max_fds;
    shares_.pooled = 0;
  }
  max_fds_ = shares_.assured + shares_.pooled;
  return std::nullopt;
}

StageResult ConnectionGroup::TakeSockets() {
  for (const ServedSocket& socket : sockets_) {
    const auto checked =
        uds::CheckConnected(socket.fd, uds::SocketType::kStream);
    if (!checked.ok()) {
      return StageError(
          "check-sockets",
          absl::StrCat(socket.name, ": ", WhyNoSocket(checked.error())),
          ExitCode::kCheckSockets);
    }
    ::fcntl(socket.fd, F_SETFD, FD_CLOEXEC);
  }
  return std::nullopt;
}

StageResult ConnectionGroup::Create(
    const std::shared_ptr<hostfs::HostTree>& tree, bool will_be_confined) {
  server_ = std::make_unique<lisafs::Server>(
      lisafs::ServerOptions(),
      [this](const lisafs::Connection& connection) { NoteEnd(connection); },
      [this](const lisafs::Connection& connection) {
        if (notes_ == nullptr) return;
        notes_->Add(connection.id(), ConnectionNotes::Note::What::kMounted);
      });
  server_->ShareFds(shares_.assured, shares_.pooled);
  const auto count = static_cast<uint32_t>(sockets_.size());
  server_->LimitNodes(2 * (shares_.assured * count + shares_.pooled) +
                      1024 * count);
  for (ServedSocket& socket : sockets_) {
    socket.connection.name = NameOf(connections_.size());
    socket.connection.max_fds = max_fds_;
    // Each FD may be on a node of its own; the rest is for nodes above them.
    socket.connection.max_nodes = 2 * max_fds_ + 1024;
    auto backend = std::make_unique<hostfs::HostBackend>(
        tree, socket.host, socket.connection.level);
    if (will_be_confined) {
      const auto prepared =
          backend->PrepareDonation(socket.mount_path, socket.connection);
      if (!prepared.ok()) {
        return StageError("donate-mount", socket.mount_path, prepared.error(),
                          ExitCode::kDonateMount);
      }
    }
    auto connection =
        server_->CreateConnection(base::UniqueFd(socket.fd), socket.mount_path,
                                  socket.connection, std::move(backend));
    if (!connection.ok()) {
      return StageError("create-connections",
                        "--mount-path=" + socket.mount_path, connection.error(),
                        ExitCode::kConnect);
    }
    connections_.push_back(std::move(*connection));
  }
  return std::nullopt;
}

void ConnectionGroup::EnableControl(GoferFacts facts, base::UniqueFd listener) {
  notes_ = std::make_unique<ConnectionNotes>(*signals_);
  facts_ = std::move(facts);
  listener_ = std::move(listener);
}

void ConnectionGroup::MakeControlThread() {
  const auto count = static_cast<uint32_t>(connections_.size());
  goferd::worker::v1::AdoptResult& adopt = facts_.adopt;
  adopt.mutable_limits()->set_max_connections(count);
  adopt.mutable_limits()->set_max_fds(process_fds_);
  adopt.mutable_limits()->set_max_channels(kChannels * count);
  book_ = std::make_unique<rules::RuleBook>(*server_);
  control_ = std::make_unique<ControlThread>(
      std::move(facts_),
      ControlThread::Parts{.server = *server_,
                           .book = *book_,
                           .notes = *notes_,
                           .signals = *signals_},
      std::move(listener_), kStallThresholdNs, kEndedRetentionNs,
      ControlThread::Life::kAsLongAsConnections);
  for (size_t i = 0; i < connections_.size(); ++i) {
    goferd::worker::v1::Connection facts;
    facts.set_uid(NameOf(i));
    facts.set_connection_id(NameOf(i));
    facts.set_mount_path(connections_[i]->mount_path());
    *facts.mutable_options() =
        FromConnectionOptions(connections_[i]->options(), sockets_[i].host);
    facts.set_attach_unix_ns(rules::UnixNanos());
    control_->connections().Add(std::move(facts), connections_[i]);
  }
}

StageResult ConnectionGroup::Start() {
  if (notes_ != nullptr) MakeControlThread();
  for (const auto& connection : connections_) {
    const auto started = server_->StartConnection(connection);
    if (!started.ok()) {
      return StageError("start-connections", connection->mount_path(),
                        started.error(), ExitCode::kStart);
    }
  }
  connections_.clear();
  return std::nullopt;
}

void ConnectionGroup::WaitForEnd() {
  if (control_ != nullptr) {
    control_->Run();
  } else {
    StopBySignals();
  }
  server_->Wait();
}

void ConnectionGroup::StopBySignals() {
  auto mode = lisafs::StopMode::kClose;
  while (signals_->Wait() == TerminationSignals::Event::kSignal) {
    base::Log().info("asked to end");
    for (const auto& connection : server_->Connections()) {
      connection->Stop(mode, lisafs::EndReason::kServerShutdown);
    }
    mode = lisafs::StopMode::kAbort;
  }
}

void ConnectionGroup::NoteEnd(const lisafs::Connection& connection) {
  const absl::string_view reason = ToString(connection.end_reason());
  base::Log().info("connection {} on {} ended: {}; calls: {}", connection.id(),
                   connection.mount_path(),
                   std::string(reason.data(), reason.size()),
                   CallsOf(connection));
  if (notes_ != nullptr) {
    notes_->Add(connection.id(), ConnectionNotes::Note::What::kEnded);
    return;
  }
  if (ended_.fetch_add(1, std::memory_order_acq_rel) + 1 == sockets_.size()) {
    signals_->Notify();
  }
}

}  // namespace gofer::worker
