#include "server/worker/bootstrap.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/log.h"
#include "server/base/log_format.h"
#include "server/base/syscall.h"
#include "server/control/bounds.h"
#include "server/control/versions.h"
#include "server/lisafs/handler_table.h"
#include "server/rules/unix_clock.h"
#include "server/wire/message_id.h"
#include "server/worker/failure.h"
#include "server/worker/managed_sandbox.h"
#include "server/worker/protocol_translation.h"

namespace gofer::worker {
namespace {

namespace v1 = ::goferd::worker::v1;

constexpr uint64_t kFlushNs = 1'000'000'000;
// The hard limit, so that SetLimits can allow more later.
constexpr rlim_t kHardFds = rlim_t{1} << 20;

v1::Party OwnParty() {
  return control::MakeParty(
      GOFERD_VERSION,
      {v1::CAPABILITY_NEW_CONNECTIONS, v1::CAPABILITY_HANDLER_SWAP,
       v1::CAPABILITY_RULES, v1::CAPABILITY_LIMITS, v1::CAPABILITY_STATS,
       v1::CAPABILITY_PAGES});
}

SandboxFailure Refuse(absl::string_view text) {
  return {MakeFailure(Failure::MALFORMED, text), ExitCode::kBootstrap};
}

// Checks what can be checked before anything is done.
std::optional<SandboxFailure> Check(const v1::Bootstrap& request) {
  if (!control::CommonVersion(OwnParty(), request.party())) {
    return SandboxFailure{IncompatibleFailure(request.party()),
                          ExitCode::kBootstrap};
  }
  if (!ToLogLevel(request.log_level())) {
    return Refuse("Bootstrap.log_level is unspecified or not known");
  }
  if (!AreSane(request.limits())) {
    return Refuse(absl::StrCat("Bootstrap.limits", kLimitBounds));
  }
  if (request.sandbox_mode() < v1::SANDBOX_MODE_FULL ||
      request.sandbox_mode() > v1::SANDBOX_MODE_UNCONFINED) {
    return Refuse("Bootstrap.sandbox_mode is unspecified or not known");
  }
  if (request.daemon_data().size() > control::kMostServerData) {
    return Refuse("Bootstrap.daemon_data is longer than 64 KiB");
  }
  return std::nullopt;
}

std::optional<SandboxFailure> LimitFds(uint32_t max_fds) {
  rlimit now = {};
  (void)::getrlimit(RLIMIT_NOFILE, &now);
  const rlim_t hard = std::max<rlim_t>({now.rlim_max, max_fds, kHardFds});
  const rlimit wanted = {.rlim_cur = max_fds, .rlim_max = hard};
  if (::setrlimit(RLIMIT_NOFILE, &wanted) == 0) return std::nullopt;
  const rlimit without = {.rlim_cur = max_fds, .rlim_max = now.rlim_max};
  if (::setrlimit(RLIMIT_NOFILE, &without) == 0) return std::nullopt;
  return SandboxFailure{
      HostFailure("fd-limit",
                  absl::StrCat("RLIMIT_NOFILE cannot be ", max_fds,
                               ": its hard limit is ", now.rlim_max),
                  base::Errno(EMFILE)),
      ExitCode::kFdLimit};
}

v1::AdoptResult MakeFacts(const v1::Bootstrap& request,
                          const ConfinedGofer& gofer) {
  v1::AdoptResult facts;
  v1::BootstrapResult& result = *facts.mutable_bootstrap();
  *result.mutable_party() = OwnParty();
  result.set_pid(::getpid());
  for (const std::string& step : gofer.steps) result.add_sandbox_steps(step);
  for (const std::string& step : gofer.missing) {
    result.add_missing_sandbox_steps(step);
  }
  AddSupportedMids(result);
  facts.set_server_id(request.server_id());
  facts.set_server_uid(request.server_uid());
  facts.set_root(request.root());
  *facts.mutable_options() = request.options();
  *facts.mutable_limits() = request.limits();
  facts.set_sandbox_mode(request.sandbox_mode());
  facts.set_daemon_data(request.daemon_data());
  facts.set_start_unix_ns(rules::UnixNanos());
  return facts;
}

class Bootstrapper {
 public:
  Bootstrapper(int listener, TerminationSignals& signals)
      : listener_(listener), signals_(signals) {}

  std::variant<Bootstrapped, ExitCode> Run() {
    for (;;) {
      auto request = NextRequest();
      if (!request) return ExitCode::kOk;
      if (request->message.has_shutdown()) {
        // goferd does not need us any more.
        Answer(request->message.request_id(), {});
        return ExitCode::kOk;
      }
      if (!request->message.has_bootstrap()) {
        Answer(request->message.request_id(),
               MakeFailure(Failure::WRONG_STATE,
                           "the gofer has no server yet: it waits for "
                           "Bootstrap"));
        continue;
      }
      auto made = Become(*request);
      if (auto* good = std::get_if<Bootstrapped>(&made)) {
        return std::move(*good);
      }
      const auto& failed = *std::get_if<SandboxFailure>(&made);
      base::SayLastWords(absl::StrCat("bootstrap: ", failed.failure.step(),
                                      failed.failure.step().empty() ? "" : ": ",
                                      failed.failure.text()));
      Answer(request->message.request_id(), failed.failure);
      return failed.code;
    }
  }

 private:
  // The next request, or nothing after a signal.
  std::optional<ControlRequest> NextRequest() {
    for (;;) {
      if (peer_ != nullptr && peer_->broken()) peer_.reset();
      pollfd polled[] = {{signals_.signal_fd(), POLLIN, 0},
                         {listener_, POLLIN, 0},
                         {peer_ != nullptr ? peer_->fd() : -1, POLLIN, 0}};
      base::RetryOnEintr([&] { return ::poll(polled, 3, -1); });
      if (polled[0].revents != 0) return std::nullopt;
      if (polled[2].revents != 0) {
        if (auto request = peer_->Receive()) return request;
      }
      if (polled[1].revents != 0) Accept();
    }
  }

  void Accept() {
    auto socket = base::SyscallFd(
        [&] { return ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC); });
    if (socket.ok()) peer_ = std::make_unique<ControlPeer>(*std::move(socket));
  }

  // Answers that the request failed, or without a failure that it is done.
  void Answer(uint64_t request_id, const std::optional<Failure>& failure) {
    v1::FromGofer message;
    message.mutable_response()->set_request_id(request_id);
    if (failure) *message.mutable_response()->mutable_failure() = *failure;
    peer_->Queue(message);
    peer_->FlushAll(kFlushNs);
  }

  std::variant<Bootstrapped, SandboxFailure> Become(ControlRequest& request) {
    const v1::Bootstrap& bootstrap = request.message.bootstrap();
    if (auto failed = Check(bootstrap)) return *failed;
    const auto tree = ToBootstrapTree(bootstrap, request.fds);
    if (!tree.ok()) {
      return SandboxFailure{tree.failure(), ExitCode::kBootstrap};
    }
    base::SetLogLevel(*ToLogLevel(bootstrap.log_level()));
    if (auto failed = LimitFds(bootstrap.limits().max_fds())) return *failed;
    auto confined = ConfineManagedGofer(*tree, bootstrap.sandbox_mode());
    if (auto* failed = std::get_if<SandboxFailure>(&confined)) {
      return std::move(*failed);
    }
    // These descriptors lead to the host's mounts.
    request.fds.clear();
    auto& gofer = *std::get_if<ConfinedGofer>(&confined);
    Bootstrapped result;
    result.facts.adopt = MakeFacts(bootstrap, gofer);
    result.facts.tree = std::move(gofer.tree);
    result.facts.may_clone_mounts = gofer.may_clone_mounts;
    result.facts.clone = std::move(gofer.clone);
    result.facts.readonly_clone = std::move(gofer.readonly_clone);
    result.peer = std::move(peer_);
    result.request_id = request.message.request_id();
    result.bootstrap = bootstrap;
    return result;
  }

  const int listener_;
  TerminationSignals& signals_;
  std::unique_ptr<ControlPeer> peer_;
};

}  // namespace

std::variant<Bootstrapped, ExitCode> AwaitBootstrap(
    int listener, TerminationSignals& signals) {
  return Bootstrapper(listener, signals).Run();
}

}  // namespace gofer::worker
