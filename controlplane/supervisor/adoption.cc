// Lifecycle's part that finds gofers which live already.

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "controlplane/supervisor/connection_options.h"
#include "controlplane/supervisor/lifecycle.h"
#include "controlplane/supervisor/rule_translation.h"
#include "controlplane/supervisor/server_state.h"
#include "controlplane/supervisor/time_conversion.h"
#include "controlplane/supervisor/uuid.h"
#include "goferd/state/v1/state.pb.h"
#include "goferd/worker/v1/frame.pb.h"
#include "server/base/log.h"

namespace goferd::supervisor {
namespace {

using gofer::base::Log;
using gofer::base::MutexLock;
using Server = admin::Server;

constexpr absl::Duration kFirstPause = absl::Milliseconds(20);
constexpr absl::Duration kLongestPause = absl::Seconds(5);
// One that was made by a gofer, and has none that answers, is left alone then.
constexpr int kMostAttempts = 12;
// Between bind(2) and listen(2) a gofer that starts looks like a dead one.
constexpr int kSurelyDeadAfter = 4;

// Counts tasks down, for one who waits. The one who posts them is the first.
struct Outstanding {
  gofer::base::Mutex mu;
  gofer::base::CondVar changed;
  size_t count ABSL_GUARDED_BY(mu) = 1;
};

// What an adopted gofer is, of which nothing was written down.
Server ForeignServer(const std::string& id,
                     const worker::v1::AdoptResult& result) {
  Server server;
  server.set_name(ServerName(id));
  server.set_origin(Server::ADOPTED);
  server.set_root(result.root());
  const auto& options = result.options();
  server.mutable_options()->set_walk_stat_supported(
      options.walk_stat_supported());
  server.mutable_options()->set_set_attr_on_deleted(
      options.set_attr_on_deleted());
  server.mutable_options()->set_allocate_on_deleted(
      options.allocate_on_deleted());
  auto& limits = *server.mutable_limits();
  limits.set_max_connections(
      static_cast<int32_t>(result.limits().max_connections()));
  limits.set_max_fds(static_cast<int32_t>(result.limits().max_fds()));
  limits.set_max_channels(static_cast<int32_t>(result.limits().max_channels()));
  server.set_restart_policy(Server::NEVER);
  server.set_sandbox_mode(
      static_cast<Server::SandboxMode>(result.sandbox_mode()));
  *server.mutable_create_time() = UnixNanosToProto(result.start_unix_ns());
  return server;
}

// What callers may change of a server, from what was written down. Of a gofer
// that others started nothing else is believed.
void TakeChanges(const Server& kept, Server& server) {
  server.set_uid(kept.uid());
  *server.mutable_labels() = kept.labels();
  *server.mutable_default_connection_options() =
      kept.default_connection_options();
  if (kept.has_expire_time()) {
    *server.mutable_expire_time() = kept.expire_time();
  }
}

admin::Connection ForeignConnection(const std::string& server_id,
                                    const worker::v1::Connection& from) {
  admin::Connection connection;
  connection.set_name(ConnectionName(server_id, from.connection_id()));
  *connection.mutable_create_time() = UnixNanosToProto(from.create_unix_ns());
  connection.set_mount_path(from.mount_path());
  *connection.mutable_options() = ToAdmin(from.options());
  return connection;
}

// A gofer that others started may call its connections anything.
bool IsPlainId(absl::string_view id) {
  return !id.empty() && id.size() <= 63 &&
         std::all_of(id.begin(), id.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
         });
}

}  // namespace

void Lifecycle::AdoptAll(absl::Duration patience) {
  auto outstanding = std::make_shared<Outstanding>();
  const auto leave = [this, outstanding] {
    MutexLock lock(outstanding->mu);
    if (--outstanding->count == 0) context_.adopted = true;
    outstanding->changed.NotifyAll();
  };
  const auto post = [&](const std::string& id, Origin origin) {
    {
      MutexLock lock(outstanding->mu);
      ++outstanding->count;
    }
    context_.pool.Post([this, leave, id, origin] {
      if (origin == Origin::kForeign) {
        AdoptForeign(id, 0);
      } else if (const absl::Status adopted = Adopt(id, origin);
                 !adopted.ok()) {
        EndUnused(id, adopted);
        RestoreDead(id, adopted);
      }
      leave();
    });
  };
  for (const auto& id : context_.state.ListServers()) post(id, Origin::kOurs);
  for (const auto& id : context_.state.ListAdopted()) {
    post(id, Origin::kForeign);
  }
  leave();
  const auto deadline =
      std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(patience);
  MutexLock lock(outstanding->mu);
  while (outstanding->count > 0) {
    if (!outstanding->changed.WaitUntil(outstanding->mu, deadline)) return;
  }
}

void Lifecycle::AdoptNew() {
  for (const std::string& id : context_.state.ListAdopted()) {
    {
      MutexLock lock(context_.model.mu);
      if (context_.model.Find(id) != nullptr) continue;
    }
    context_.pool.Post([this, id] { AdoptForeign(id, 0); });
  }
}

// The directory is there a moment before its gofer listens.
void Lifecycle::AdoptForeign(const std::string& id, int attempt) {
  const absl::Status adopted = Adopt(id, Origin::kForeign);
  if (adopted.ok() || context_.stopping) return;
  if (attempt >= kSurelyDeadAfter && context_.state.AdoptedIsDead(id)) {
    const absl::Status removed = context_.state.RemoveAdopted(id);
    if (!removed.ok()) {
      Log().warn("{}: {}", id, std::string(removed.message()));
    }
    return;
  }
  if (attempt >= kMostAttempts) {
    Log().warn("the gofer {} is not adopted: {}", id,
               std::string(adopted.message()));
    return;
  }
  const absl::Duration pause =
      std::min(kFirstPause * (int64_t{1} << attempt), kLongestPause);
  context_.loop->After(pause, [this, id, attempt] {
    context_.pool.Post([this, id, attempt] { AdoptForeign(id, attempt + 1); });
  });
}

absl::Status Lifecycle::Adopt(const std::string& id, Origin origin) {
  {
    MutexLock lock(context_.model.mu);
    const Model::ServerPtr known = context_.model.Find(id);
    if (known != nullptr && known->link != nullptr) return absl::OkStatus();
  }
  const uint64_t generation = next_generation_.fetch_add(1);
  const std::string path = origin == Origin::kOurs
                               ? context_.state.ControlPath(id)
                               : context_.state.AdoptedControlPath(id);
  auto client = worker::GoferClient::Connect(path, *context_.loop,
                                             CallbacksFor(id, generation));
  if (!client.ok()) return client.status();
  auto link = std::make_shared<GoferLink>(
      *std::move(client), context_.control_timeout(), ServerName(id));
  worker::v1::ToGofer ask;
  *ask.mutable_adopt()->mutable_party() = OwnParty();
  const auto answer = link->Ask(std::move(ask));
  if (!answer.ok()) return answer.status();
  return TakeOver(id, origin, std::move(link), generation, answer->adopt());
}

Model::ServerPtr Lifecycle::Restored(const std::string& id, Origin origin,
                                     const worker::v1::AdoptResult& result) {
  auto server = std::make_shared<ServerRecord>();
  server->id = id;
  state::v1::ServerState kept;
  const bool is_kept = kept.ParseFromString(result.daemon_data()) &&
                       kept.server().name() == ServerName(id);
  if (origin == Origin::kOurs && is_kept) {
    server->resource = kept.server();
    server->resolved_root = kept.resolved_root();
  } else {
    server->resource = ForeignServer(id, result);
    if (origin == Origin::kOurs) server->resource.set_origin(Server::CREATED);
    server->resolved_root = result.root();
    if (is_kept) TakeChanges(kept.server(), server->resource);
  }
  if (server->resource.uid().empty()) {
    server->resource.set_uid(result.server_uid().empty() ? NewUuid()
                                                         : result.server_uid());
  }
  return server;
}

// The kernel says who listens; for our own gofers that is whoever started them.
absl::StatusOr<std::shared_ptr<GoferProcess>> Lifecycle::AdoptProcess(
    const std::string& id, Origin origin, const GoferLink& link) {
  if (origin == Origin::kForeign) {
    return GoferProcess::Adopt({.pid = link.peer().pid});
  }
  const auto text = context_.state.ReadServerFile(id, "pid");
  if (!text.ok()) return text.status();
  const auto identity = GoferProcess::ParseIdentity(*text);
  if (!identity) {
    return errors::Error(
        errors::Reason::INTERNAL_FAULT,
        absl::StrCat("the pid file of servers/", id, " makes no sense"));
  }
  return GoferProcess::Adopt(*identity);
}

absl::Status Lifecycle::TakeOver(const std::string& id, Origin origin,
                                 std::shared_ptr<GoferLink> link,
                                 uint64_t generation,
                                 const worker::v1::AdoptResult& result) {
  auto process = AdoptProcess(id, origin, *link);
  if (!process.ok()) return process.status();
  Model::ServerPtr server;
  {
    MutexLock lock(context_.model.mu);
    server = context_.model.Find(id);
    const bool known = server != nullptr;
    if (!known) server = Restored(id, origin, result);
    server->generation = generation;
    server->started_at = absl::FromUnixNanos(result.start_unix_ns());
    server->draining = result.draining();
    Known(*server, result.bootstrap());
    if (origin == Origin::kOurs) {
      (*process)->FindConfines(
          {.server_id = id,
           .cgroup_parent = context_.cgroup_parent,
           .max_memory_bytes = server->resource.limits().max_memory_bytes()});
    }
    for (const std::string& missing : (*process)->missing()) {
      server->resource.add_missing_sandbox_steps(missing);
    }
    server->resource.set_gofer_pid((*process)->pid());
    server->resource.clear_failure();
    server->resource.clear_conditions();
    server->process = *std::move(process);
    server->link = link;
    const auto state = server->draining ? Server::DRAINING : Server::ACTIVE;
    if (known) {
      context_.model.SetState(*server, state);
    } else {
      server->resource.set_state(state);
      *server->resource.mutable_update_time() = ToProto(absl::Now());
      context_.model.Add(server);
    }
    RestoreConnections(*server, result);
    WatchProcess(*server);
  }
  RestoreRules(server, link, result);
  Log().info("{}: its gofer (process {}) is known again", server->name(),
             server->resource.gofer_pid());
  return absl::OkStatus();
}

void Lifecycle::RestoreConnections(ServerRecord& server,
                                   const worker::v1::AdoptResult& result) {
  Model& model = context_.model;
  std::vector<std::string> given_up;
  for (const worker::v1::Connection& from : result.connections()) {
    if (!IsPlainId(from.connection_id())) continue;
    ConnectionRecord* record = model.FindConnection(server, from.uid());
    const bool is_new = record == nullptr;
    if (is_new) {
      if (server.connections.contains(from.connection_id())) continue;
      state::v1::ConnectionState kept;
      admin::Connection resource;
      if (kept.ParseFromString(from.daemon_data()) &&
          kept.connection().name() ==
              ConnectionName(server.id, from.connection_id())) {
        resource = kept.connection();
      } else {
        resource = ForeignConnection(server.id, from);
      }
      resource.set_uid(from.uid());
      resource.set_state(admin::Connection::PENDING_ATTACH);
      record = &model.AddConnection(server, std::move(resource));
      model.Announce(server, *record);
    }
    if (HasEnded(record->resource.state()) &&
        from.state() != worker::v1::CONNECTION_STATE_ENDED) {
      given_up.push_back(from.uid());
    }
    events_.ApplyConnection(server, from);
    // The table has those of connections that were known.
    if (is_new) RestoreTicket(server, *record, from);
  }
  // Those that ended while the gofer could not be told.
  if (given_up.empty()) return;
  context_.pool.Post([link = server.link, uids = std::move(given_up)] {
    for (const std::string& uid : uids) {
      worker::v1::ToGofer ask;
      auto& stop = *ask.mutable_stop_connection();
      stop.set_uid(uid);
      stop.set_mode(worker::v1::StopConnection::ABORT);
      stop.set_reason(worker::v1::END_REASON_ADMIN_STOP);
      (void)link->Ask(std::move(ask));
    }
  });
}

// A ticket that its holder has not used yet is good still.
void Lifecycle::RestoreTicket(ServerRecord& server, ConnectionRecord& record,
                              const worker::v1::Connection& from) {
  if (from.state() != worker::v1::CONNECTION_STATE_CREATED) return;
  state::v1::ConnectionState kept;
  if (!kept.ParseFromString(from.daemon_data())) kept.Clear();
  const absl::Time expire = absl::FromUnixNanos(kept.ticket_expire_unix_ns());
  std::optional<admin::Peer> expected;
  if (record.resource.has_expected_peer()) {
    expected = record.resource.expected_peer();
  }
  // One without a ticket has run out.
  context_.tickets.Restore(kept.ticket_sha256(),
                           {server.id, from.connection_id(), from.uid()},
                           record.resource.attach_mode(), expected, expire);
}

void Lifecycle::RestoreRules(const Model::ServerPtr& server,
                             const std::shared_ptr<GoferLink>& link,
                             const worker::v1::AdoptResult& result) {
  {
    MutexLock lock(context_.model.mu);
    for (const worker::v1::Rule& from : result.rules()) {
      RuleRecord record;
      if (!record.resource.ParseFromString(from.daemon_data()) ||
          record.resource.name() != RuleName(server->id, from.rule_id())) {
        continue;
      }
      record.age_number = from.age_number();
      server->next_rule_age =
          std::max(server->next_rule_age, from.age_number() + 1);
      SetCounters(from.counters(), record.resource);
      context_.model.PutRule(*server, std::move(record));
    }
  }
  MutexLock overrides_lock(server->overrides_mu);
  const auto removed = rules_.RemoveIf(
      server, link,
      [](const admin::HandlerRule& rule) {
        return IsFault(rule) && !rule.persistent();
      },
      Effect::kReal);
  if (!removed.ok()) {
    Log().warn("{}: its faults stay: {}", server->name(),
               std::string(removed.status().message()));
  } else if (!removed->empty()) {
    Log().info("{}: {} faults that are not persistent were removed",
               server->name(), removed->size());
  }
  // What the table was is not told; see HandlerOperations for what it is.
  const auto saved = context_.state.ReadServerFile(server->id, "overrides.pb");
  state::v1::Overrides overrides;
  if (!saved.ok() || !overrides.ParseFromString(*saved)) return;
  MutexLock lock(context_.model.mu);
  server->assignments.assign(overrides.assignments().begin(),
                             overrides.assignments().end());
}

void Lifecycle::Reconnect(const std::string& server_id, uint64_t generation,
                          absl::Duration pause) {
  Model::ServerPtr server;
  Origin origin = Origin::kOurs;
  {
    MutexLock lock(context_.model.mu);
    server = context_.model.Find(server_id);
    if (server == nullptr || context_.stopping ||
        server->generation != generation ||
        server->resource.state() != Server::UNREACHABLE) {
      return;
    }
    if (server->resource.origin() != Server::CREATED) origin = Origin::kForeign;
  }
  if (Adopt(server_id, origin).ok()) return;
  const absl::Duration next = std::min(pause * 2, kLongestPause);
  context_.loop->After(pause, [this, server_id, generation, next] {
    context_.pool.Post([this, server_id, generation, next] {
      Reconnect(server_id, generation, next);
    });
  });
}

}  // namespace goferd::supervisor
