#include "server/worker/managed_gofer.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <ctime>
#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "server/base/log_format.h"
#include "server/base/unique_fd.h"
#include "server/lisafs/server.h"
#include "server/rules/rule_book.h"
#include "server/worker/bootstrap.h"
#include "server/worker/connection_notes.h"
#include "server/worker/control_peer.h"
#include "server/worker/control_thread.h"
#include "server/worker/fd_shares.h"
#include "server/worker/inherited_fds.h"
#include "server/worker/protocol_translation.h"
#include "server/worker/signals.h"
#include "server/worker/stage_error.h"

namespace gofer::worker {
namespace {

namespace v1 = ::goferd::worker::v1;
using Note = ConnectionNotes::Note;

constexpr int kControlBacklog = 16;

ExitCode Fail(const StageError& error) {
  base::SayLastWords(error.text);
  return error.code;
}

StageResult CheckListener(int fd) {
  int type = 0;
  int is_listening = 0;
  socklen_t size = sizeof(type);
  bool good = ::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
  size = sizeof(is_listening);
  good = good &&
         ::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) == 0;
  if (!good || type != SOCK_SEQPACKET || is_listening == 0) {
    return StageError(
        "control-socket",
        absl::StrCat("--control-fd=", fd, ": no listening seqpacket socket"),
        ExitCode::kControl);
  }
  ::fcntl(fd, F_SETFD, FD_CLOEXEC);
  // The kernel tells who connects which process listened last: a goferd that
  // has lost our process number finds it by that. Its failure costs only that.
  (void)::listen(fd, kControlBacklog);
  // A goferd that has connected may be gone when we accept, which must not
  // block.
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  return std::nullopt;
}

void AnswerBootstrap(const Bootstrapped& start) {
  v1::FromGofer message;
  message.mutable_response()->set_request_id(start.request_id);
  *message.mutable_response()->mutable_bootstrap() =
      start.facts.adopt.bootstrap();
  start.peer->Queue(message);
}

void Serve(Bootstrapped start, base::UniqueFd listener,
           TerminationSignals& signals) {
  ConnectionNotes notes(signals);
  lisafs::Server server(
      ToServerOptions(start.bootstrap.options()),
      [&notes](const lisafs::Connection& connection) {
        notes.Add(connection.id(), Note::What::kEnded);
      },
      [&notes](const lisafs::Connection& connection) {
        notes.Add(connection.id(), Note::What::kMounted);
      });
  const v1::ServerLimits& limits = start.bootstrap.limits();
  const FdShares shares = FdShares::Of(
      limits.max_fds(), limits.max_connections(), limits.max_channels());
  server.SetMaxChannels(shares.channels);
  server.ShareFds(shares.assured, shares.pooled);
  rules::RuleBook book(server);
  AnswerBootstrap(start);
  ControlThread control(
      std::move(start.facts),
      {.server = server, .book = book, .notes = notes, .signals = signals},
      std::move(listener), start.bootstrap.stall_threshold_ns(),
      start.bootstrap.ended_retention_ns(),
      ControlThread::Life::kUntilShutdown);
  control.SetPeer(std::move(start.peer), start.bootstrap.party());
  control.Run();
}

}  // namespace

ExitCode ServeManaged(const ManagedOptions& options) {
  base::SetLogFormat(options.log_format, "gofer");
  // Reads the time zone now: its file will be out of reach.
  ::tzset();
  CloseOtherFds({options.control_fd});
  if (const StageResult failed = CheckListener(options.control_fd)) {
    return Fail(*failed);
  }
  base::UniqueFd listener(options.control_fd);
  auto signals = TerminationSignals::Block();
  if (!signals.ok()) {
    return Fail(StageError("block-signals", "signalfd", signals.error(),
                           ExitCode::kSignals));
  }
  auto started = AwaitBootstrap(listener.get(), *signals);
  if (const auto* code = std::get_if<ExitCode>(&started)) return *code;
  Serve(std::move(*std::get_if<Bootstrapped>(&started)), std::move(listener),
        *signals);
  return ExitCode::kOk;
}

}  // namespace gofer::worker
