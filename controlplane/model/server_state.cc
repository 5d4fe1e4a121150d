#include "controlplane/model/server_state.h"

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "controlplane/errors/error.h"

namespace goferd::model {
namespace {

using errors::Reason;
using Server = admin::Server;

constexpr int kRetryMs = 500;

unsigned Bit(Server::State state) { return 1u << static_cast<unsigned>(state); }

// The states that may follow each.
unsigned Next(Server::State from) {
  const unsigned ends = Bit(Server::STOPPING) | Bit(Server::UNREACHABLE) |
                        Bit(Server::STOPPED) | Bit(Server::FAILED);
  switch (from) {
    case Server::STARTING:
      return Bit(Server::ACTIVE) | Bit(Server::DRAINING) | ends;
    case Server::ACTIVE:
      return Bit(Server::DRAINING) | ends;
    case Server::DRAINING:
      return Bit(Server::ACTIVE) | ends;
    case Server::STOPPING:
      return Bit(Server::STOPPED);
    case Server::UNREACHABLE:
      return Bit(Server::ACTIVE) | Bit(Server::DRAINING) | ends;
    case Server::FAILED:
      // STOPPED: of others, when their gofer of another release has ended.
      return Bit(Server::STARTING) | Bit(Server::STOPPING) |
             Bit(Server::STOPPED);
    case Server::STOPPED:
      return Bit(Server::STOPPING);
    default:
      return ~0u;
  }
}

const char* NameOf(worker::v1::Capability capability) {
  switch (capability) {
    case worker::v1::CAPABILITY_NEW_CONNECTIONS:
      return "new-connections";
    case worker::v1::CAPABILITY_HANDLER_SWAP:
      return "handler-swap";
    case worker::v1::CAPABILITY_RULES:
      return "handler-rules";
    case worker::v1::CAPABILITY_LIMITS:
      return "limits";
    case worker::v1::CAPABILITY_STATS:
      return "stats";
    default:
      return "other";
  }
}

// STARTING, for a server whose gofer has died and has a successor soon.
absl::Status WillStart(const ServerRecord& server) {
  const absl::Duration pause =
      std::max(server.gofer.next_start - absl::Now(), absl::ZeroDuration());
  // A moment later, the new gofer has started.
  const int64_t wait_ms = absl::ToInt64Milliseconds(pause) + kRetryMs;
  return errors::ErrorWithRetry(
      Reason::STARTING,
      absl::StrCat("the gofer of ", server.name(), " has died (",
                   server.resource.failure().message(),
                   "); a new one is started ",
                   pause < absl::Seconds(1)
                       ? "at once"
                       : absl::StrCat("in ", absl::ToInt64Seconds(pause), " s"),
                   ": try again then"),
      static_cast<int>(wait_ms), {{"resource", server.name()}});
}

absl::Status IsStopping(const ServerRecord& server) {
  return errors::ErrorWithRetry(
      Reason::SERVER_STOPPING,
      absl::StrCat(server.name(),
                   " is being deleted: wait until it is gone, then create it "
                   "again"),
      kRetryMs, {{"resource", server.name()}});
}

}  // namespace

absl::Status CheckServing(const ServerRecord& server) {
  switch (server.resource.state()) {
    case Server::ACTIVE:
    case Server::DRAINING:
      if (server.link.current == nullptr) return Unreachable(server);
      return absl::OkStatus();
    case Server::STARTING:
      return errors::ErrorWithRetry(
          Reason::STARTING,
          absl::StrCat("the gofer of ", server.name(),
                       " is starting: try again in a moment"),
          kRetryMs, {{"resource", server.name()}});
    case Server::UNREACHABLE:
      return Unreachable(server);
    case Server::STOPPING:
      return IsStopping(server);
    case Server::FAILED:
      if (server.gofer.next_start != absl::InfiniteFuture()) {
        return WillStart(server);
      }
      [[fallthrough]];
    default:
      return errors::Error(
          Reason::SERVER_STOPPED,
          absl::StrCat(server.name(), " is ",
                       Server::State_Name(server.resource.state()),
                       ": it has no gofer that serves; delete it and create "
                       "it again"),
          {{"resource", server.name()}});
  }
}

absl::Status CheckCan(const ServerRecord& server,
                      worker::v1::Capability capability) {
  if (server.Can(capability)) return absl::OkStatus();
  return errors::Error(
      Reason::GOFER_CAPABILITY_MISSING,
      absl::StrCat("the gofer of ", server.name(), " cannot do that (",
                   NameOf(capability),
                   "): it is of another release, or goferd did not start it"),
      {{"resource", server.name()}, {"capability", NameOf(capability)}});
}

absl::Status Unreachable(const ServerRecord& server) {
  return errors::ErrorWithRetry(
      Reason::GOFER_UNREACHABLE,
      absl::StrCat("the gofer of ", server.name(),
                   " does not answer on its control socket; its connections "
                   "may go on: try again later"),
      kRetryMs, {{"resource", server.name()}});
}

absl::Status EtagMismatch(absl::string_view name, absl::string_view present) {
  return errors::Error(Reason::ETAG_MISMATCH,
                       absl::StrCat(name, " has changed (its etag is ", present,
                                    "): read it again"),
                       {{"resource", std::string(name)}});
}

bool MayFollow(Server::State from, Server::State to) {
  return from == to || (Next(from) & Bit(to)) != 0;
}

absl::StatusOr<Mutation> Mutation::Begin(const ModelLock& lock, Model& model,
                                         absl::string_view id,
                                         absl::string_view etag) {
  ServerPtr server = model.Find(lock, id);
  if (server == nullptr) return Model::NoServer(id);
  ServerRecord& record = server->record(lock);
  if (!etag.empty() && etag != absl::string_view(record.resource.etag())) {
    return EtagMismatch(server->name(), record.resource.etag());
  }
  // One whose gofer is just being asked whether it lives, too.
  // An adopted one that has ended is looked for again for a while, and may go
  // meanwhile.
  const bool is_taken_over = model.IsBeingAdopted(lock, record.id) &&
                             record.resource.state() != admin::Server::STOPPED;
  if (record.being_changed || is_taken_over) {
    return errors::ErrorWithRetry(
        Reason::OPERATION_PENDING,
        absl::StrCat(server->name(), " is being changed: try again"), kRetryMs,
        {{"resource", server->name()}});
  }
  record.being_changed = true;
  return Mutation(model, std::move(server));
}

Mutation::~Mutation() {
  if (server_ == nullptr) return;
  const ModelLock lock(model_);
  server_->record(lock).being_changed = false;
}

}  // namespace goferd::model
