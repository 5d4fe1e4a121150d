#include "controlplane/supervisor/connection_operations.h"

#include <algorithm>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "controlplane/model/server_state.h"
#include "controlplane/names/resource_name.h"
#include "controlplane/supervisor/connection_stop.h"
#include "controlplane/supervisor/escapes.h"
#include "controlplane/translate/connection_options.h"
#include "controlplane/translate/time_conversion.h"
#include "controlplane/translate/uuid.h"
#include "goferd/state/v1/state.pb.h"
#include "goferd/worker/v1/frame.pb.h"
#include "server/base/log.h"

namespace goferd::supervisor {
namespace {

using errors::Reason;
using gofer::base::Log;
using model::ModelLock;

constexpr int kConnectionRetryMs = 1000;

absl::Status NoConnection(absl::string_view server_id,
                          absl::string_view connection_id) {
  const std::string name =
      names::FormatConnectionName(server_id, connection_id);
  return errors::Error(Reason::CONNECTION_NOT_FOUND,
                       absl::StrCat("there is no connection ", name,
                                    "; ended ones are kept for a while only"),
                       {{"resource", name}});
}

// CONNECTION_LIMIT. `used`: the places of the server that are taken.
absl::Status CheckLimit(const model::ServerRecord& server, int64_t used) {
  const int32_t limit = server.resource.limits().max_connections();
  if (used < limit) return absl::OkStatus();
  return errors::ErrorWithRetry(
      Reason::CONNECTION_LIMIT,
      absl::StrCat(server.name(), " has ", used, " connections, of ", limit,
                   " that it may have: stop one, or raise limits"),
      kConnectionRetryMs,
      {{"resource", server.name()},
       {"limit", absl::StrCat(limit)},
       {"used", absl::StrCat(used)}});
}

// The options of a connection, and what it asks for beyond the server's maxima.
std::pair<admin::ConnectionOptions, std::vector<translate::ExceededOption>>
OptionsOf(const ConnectionSpec& spec, const model::ServerRecord& server) {
  auto options = translate::CompleteOptions(
      spec.options, server.resource.default_connection_options(),
      server.resource.limits().max_fds());
  auto exceeded = translate::LimitOptions(
      spec.options, server.resource.max_connection_options(), options);
  return {std::move(options), std::move(exceeded)};
}

// FIELD_INVALID for options above the server's maxima.
absl::Status CheckMaxima(const ConnectionSpec& spec,
                         const model::ServerRecord& server) {
  errors::FieldViolations violations;
  for (const auto& option : OptionsOf(spec, server).second) {
    violations.Add(
        absl::StrCat(spec.options_field, ".", option.field),
        absl::StrCat("must be at most ", option.most,
                     ": max_connection_options of ", server.name(), " say so"));
  }
  return violations.ToStatus();
}

admin::Connection MakeResource(const ConnectionSpec& spec,
                               const model::ServerRecord& server) {
  admin::Connection connection;
  connection.set_name(
      names::FormatConnectionName(spec.server_id, spec.connection_id));
  connection.set_uid(translate::NewUuid());
  *connection.mutable_create_time() = translate::ToProto(absl::Now());
  for (const auto& [key, value] : spec.labels) {
    (*connection.mutable_labels())[key] = value;
  }
  connection.set_mount_path(spec.mount_path);
  *connection.mutable_options() = OptionsOf(spec, server).first;
  connection.set_mount_fd(translate::FirstMountFd(connection.options()));
  connection.set_attach_mode(spec.attach_mode);
  if (spec.expected_peer) {
    *connection.mutable_expected_peer() = *spec.expected_peer;
  }
  connection.set_state(admin::Connection::PENDING_ATTACH);
  return connection;
}

worker::v1::StopConnection::Mode ToWorker(
    admin::StopConnectionRequest::Mode mode) {
  switch (mode) {
    case admin::StopConnectionRequest::DRAIN:
      return worker::v1::StopConnection::DRAIN;
    case admin::StopConnectionRequest::ABORT:
      return worker::v1::StopConnection::ABORT;
    default:
      return worker::v1::StopConnection::CLOSE;
  }
}

// What the next goferd is to know of a connection that waits.
std::string KeptState(const admin::Connection& resource,
                      const admin::AttachTicket& ticket,
                      const state::v1::RequestKey& request) {
  state::v1::ConnectionState kept;
  *kept.mutable_connection() = resource;
  if (!request.request_id().empty()) *kept.mutable_request() = request;
  kept.set_ticket_sha256(tickets::TicketTable::HashOf(ticket.ticket()));
  kept.set_ticket_expire_unix_ns(
      absl::ToUnixNanos(translate::ToTime(ticket.expire_time())));
  return kept.SerializeAsString();
}

// SANDBOX_KILL_NOT_ACKNOWLEDGED.
absl::Status CheckAcknowledged(const model::ConnectionRecord& connection,
                               const admin::StopConnectionRequest& request) {
  const admin::Connection& resource = connection.resource;
  if (resource.mount_path() != "/" || request.acknowledge_sandbox_kill() ||
      connection.waits_for_client()) {
    return absl::OkStatus();
  }
  return errors::Error(
      Reason::SANDBOX_KILL_NOT_ACKNOWLEDGED,
      absl::StrCat(resource.name(),
                   " is mounted at \"/\": its end kills a gVisor sandbox. "
                   "Set acknowledge_sandbox_kill to stop it all the same"),
      {{"resource", resource.name()}});
}

worker::v1::ToGofer MakeStop(const std::string& uid,
                             const admin::StopConnectionRequest& request,
                             absl::Duration close_timeout) {
  worker::v1::ToGofer ask;
  auto& stop = *ask.mutable_stop_connection();
  stop.set_uid(uid);
  stop.set_mode(ToWorker(request.mode()));
  if (request.has_timeout()) {
    stop.set_abort_after_ns(
        absl::ToInt64Nanoseconds(translate::ToDuration(request.timeout())));
  } else if (stop.mode() == worker::v1::StopConnection::CLOSE) {
    stop.set_abort_after_ns(absl::ToInt64Nanoseconds(close_timeout));
  }
  stop.set_reason(worker::v1::END_REASON_ADMIN_STOP);
  stop.set_detail(request.reason());
  return ask;
}

absl::Status Drains(const model::ServerRecord& server) {
  return errors::Error(
      Reason::SERVER_DRAINING,
      absl::StrCat(server.name(),
                   " is draining and takes no connections: take another "
                   "server, or undrain it"),
      {{"resource", server.name()}});
}

// Why a connection ended while it was being made.
absl::Status WhyItEnded(const model::ServerRecord& server) {
  if (server.draining || server.is_told_to_drain) return Drains(server);
  absl::Status serving = model::CheckServing(server);
  if (!serving.ok()) return serving;
  return errors::Error(
      Reason::GOFER_UNREACHABLE,
      absl::StrCat("the gofer of ", server.name(),
                   " ended the connection at once: see the server"));
}

bool HasEtag(const admin::Connection& connection, absl::string_view etag) {
  return etag.empty() || etag == absl::string_view(connection.etag());
}

}  // namespace

absl::Status ConnectionOperations::CheckSpec(const ModelLock& lock,
                                             const ConnectionSpec& spec,
                                             model::ServerEntry* entry,
                                             int64_t others) const {
  if (entry == nullptr) return model::Model::NoServer(spec.server_id);
  const model::ServerRecord& server = entry->record(lock);
  if (absl::Status status = model::CheckServing(server); !status.ok()) {
    return status;
  }
  if (server.resource.state() == admin::Server::DRAINING) return Drains(server);
  if (absl::Status status =
          model::CheckCan(server, worker::v1::CAPABILITY_NEW_CONNECTIONS);
      !status.ok()) {
    return status;
  }
  if (absl::Status status = CheckMaxima(spec, server); !status.ok()) {
    return status;
  }
  if (server.connections.contains(spec.connection_id)) {
    const std::string name =
        names::FormatConnectionName(spec.server_id, spec.connection_id);
    return errors::Error(
        Reason::CONNECTION_ALREADY_EXISTS,
        absl::StrCat(name, " exists, maybe as an ended one: take another id"),
        {{"resource", name}});
  }
  return CheckLimit(server, server.live_connections() + others);
}

absl::Status ConnectionOperations::CheckModes(
    const std::vector<ConnectionSpec>& specs) const {
  const bool listen =
      std::any_of(specs.begin(), specs.end(), [](const ConnectionSpec& spec) {
        return spec.attach_mode == admin::ATTACH_MODE_LISTEN;
      });
  return listen ? issuer_.CheckSockets() : absl::OkStatus();
}

absl::Status ConnectionOperations::CheckAll(
    const ModelLock& lock, const std::vector<ConnectionSpec>& specs) const {
  if (absl::Status status = CheckModes(specs); !status.ok()) {
    return status;
  }
  std::map<std::string, std::set<std::string>> ids;
  for (const ConnectionSpec& spec : specs) {
    auto& others = ids[spec.server_id];
    const model::ServerPtr server = model_.Find(lock, spec.server_id);
    absl::Status status = CheckSpec(lock, spec, server.get(),
                                    static_cast<int64_t>(others.size()));
    if (!status.ok()) return status;
    if (!others.insert(spec.connection_id).second) {
      const std::string name =
          names::FormatConnectionName(spec.server_id, spec.connection_id);
      return errors::Error(Reason::CONNECTION_ALREADY_EXISTS,
                           absl::StrCat(name, " is named twice"),
                           {{"resource", name}});
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<std::string>> ConnectionOperations::FindMade(
    const ModelLock& lock, const ConnectionSpec& spec) const {
  if (spec.request.request_id().empty()) return std::nullopt;
  const model::ServerPtr server = model_.Find(lock, spec.server_id);
  if (server == nullptr) return std::nullopt;
  const auto* const record =
      server->record(lock).FindVisible(spec.connection_id);
  if (record == nullptr ||
      record->request.request_id() != spec.request.request_id()) {
    return std::nullopt;
  }
  if (record->request.fingerprint() != spec.request.fingerprint()) {
    return errors::Error(Reason::REQUEST_ID_REUSED,
                         "this request_id was used with another request: make "
                         "a new UUID for each request");
  }
  return record->resource.uid();
}

absl::StatusOr<std::vector<StartedConnection>> ConnectionOperations::Start(
    const std::vector<ConnectionSpec>& specs, Effect effect) {
  // Uids of what this very request has made, before goferd was started again.
  std::vector<std::string> made(specs.size());
  std::vector<ConnectionSpec> missing;
  {
    const ModelLock lock(model_);
    for (size_t i = 0; i < specs.size(); ++i) {
      auto found = FindMade(lock, specs[i]);
      if (!found.ok()) return found.status();
      if (*found) {
        made[i] = **found;
      } else {
        missing.push_back(specs[i]);
      }
    }
  }
  if (missing.size() == specs.size()) return StartNew(specs, effect);
  std::vector<StartedConnection> fresh;
  if (!missing.empty()) {
    auto started = StartNew(missing, effect);
    if (!started.ok()) return started.status();
    fresh = *std::move(started);
  }
  std::vector<StartedConnection> all;
  auto next = fresh.begin();
  for (size_t i = 0; i < specs.size(); ++i) {
    if (made[i].empty()) {
      all.push_back(std::move(*next++));
      continue;
    }
    auto renewed =
        RenewTicket(specs[i].server_id, specs[i].connection_id, made[i]);
    if (!renewed.ok()) return renewed.status();
    all.push_back(*std::move(renewed));
  }
  return all;
}

absl::StatusOr<std::vector<StartedConnection>> ConnectionOperations::StartNew(
    const std::vector<ConnectionSpec>& specs, Effect effect) {
  std::vector<Making> making;
  {
    const ModelLock lock(model_);
    if (absl::Status status = threads_.CheckRunning(); !status.ok()) {
      return status;
    }
    if (absl::Status status = CheckAll(lock, specs); !status.ok()) {
      return status;
    }
    if (effect == Effect::kValidateOnly) {
      std::vector<StartedConnection> checked;
      for (const ConnectionSpec& spec : specs) {
        checked.push_back(
            {MakeResource(spec,
                          model_.Find(lock, spec.server_id)->record(lock)),
             {}});
        checked.back().connection.clear_uid();
      }
      Warn(lock, specs, checked);
      return checked;
    }
    for (const ConnectionSpec& spec : specs) {
      auto prepared = Prepare(lock, spec);
      if (!prepared.ok()) {
        TakeBack(lock, making);
        return prepared.status();
      }
      making.push_back(*std::move(prepared));
    }
  }
  absl::Status asked = OpenSockets(making);
  if (asked.ok()) asked = AskGofers(making);
  const ModelLock lock(model_);
  auto finished = asked.ok() ? Finish(lock, making) : asked;
  if (finished.ok()) {
    Warn(lock, specs, *finished);
  } else {
    TakeBack(lock, making);
  }
  return finished;
}

void ConnectionOperations::Warn(const ModelLock& lock,
                                const std::vector<ConnectionSpec>& specs,
                                std::vector<StartedConnection>& started) const {
  for (size_t i = 0; i < specs.size(); ++i) {
    const model::ServerPtr server = model_.Find(lock, specs[i].server_id);
    if (server == nullptr) continue;
    admin::Connection& connection = started[i].connection;
    *connection.mutable_warnings() =
        WarningsOfStart(server->record(lock), specs[i].options, connection);
  }
}

absl::StatusOr<ConnectionOperations::Making> ConnectionOperations::Prepare(
    const ModelLock& lock, const ConnectionSpec& spec) {
  Making making;
  making.server = model_.Find(lock, spec.server_id);
  making.link = making.server->record(lock).link.current;
  making.id = spec.connection_id;
  const admin::Connection resource =
      MakeResource(spec, making.server->record(lock));
  making.uid = resource.uid();
  making.attach_mode = resource.attach_mode();
  auto ticket =
      issuer_.Issue(making.server->record(lock), resource, spec.ticket_ttl);
  if (!ticket.ok()) return ticket.status();
  making.ticket = *std::move(ticket);
  model::ConnectionRecord& record =
      model_.AddConnection(lock, making.server->record(lock), resource);
  record.ticket_ttl = spec.ticket_ttl;
  record.request = spec.request;
  auto& start = *making.request.mutable_start_connection();
  start.set_uid(resource.uid());
  start.set_connection_id(spec.connection_id);
  start.set_mount_path(spec.mount_path);
  *start.mutable_options() = translate::ToWorker(resource.options());
  start.set_daemon_data(KeptState(resource, making.ticket, spec.request));
  return making;
}

absl::Status ConnectionOperations::OpenSockets(std::vector<Making>& making) {
  for (Making& one : making) {
    if (one.attach_mode != admin::ATTACH_MODE_LISTEN) continue;
    absl::Status opened = issuer_.OpenSocket(one.ticket);
    if (!opened.ok()) return opened;
  }
  return absl::OkStatus();
}

absl::Status ConnectionOperations::AskGofers(std::vector<Making>& making) {
  for (Making& one : making) {
    const auto answer = one.link->Ask(std::move(one.request));
    if (!answer.ok()) return answer.status();
  }
  return absl::OkStatus();
}

void ConnectionOperations::TakeBack(const ModelLock& lock,
                                    const std::vector<Making>& making) {
  std::map<std::shared_ptr<link::GoferLink>, std::vector<std::string>> uids;
  for (const Making& one : making) uids[one.link].push_back(one.uid);
  for (auto& [link, of_link] : uids) {
    StopConnectionsLater(threads_.pool(), link, std::move(of_link),
                         worker::v1::END_REASON_ADMIN_STOP);
  }
  for (const Making& one : making) {
    tickets_.Revoke(one.uid);
    model_.RemoveConnection(lock, one.server->record(lock), one.id);
  }
}

absl::StatusOr<std::vector<StartedConnection>> ConnectionOperations::Finish(
    const ModelLock& lock, const std::vector<Making>& making) {
  std::vector<model::ConnectionRecord*> records;
  for (const Making& one : making) {
    model::ConnectionRecord* const record =
        model_.FindConnection(lock, one.server->record(lock), one.uid);
    // The gofer died, or began to drain, meanwhile.
    if (record == nullptr || model::HasEnded(record->resource.state())) {
      return WhyItEnded(one.server->record(lock));
    }
    records.push_back(record);
  }
  std::vector<StartedConnection> started;
  for (size_t i = 0; i < records.size(); ++i) {
    model_.Announce(lock, *records[i]);
    started.push_back({records[i]->resource, making[i].ticket});
  }
  return started;
}

void ConnectionOperations::KeepRenewed(
    const std::shared_ptr<link::GoferLink>& link, worker::v1::ToGofer ask) {
  if (link == nullptr) return;
  const auto answer = link->Ask(std::move(ask));
  if (answer.ok()) return;
  Log().warn("a renewed ticket is not good after a restart of goferd: {}",
             std::string(answer.status().message()));
}

absl::StatusOr<StartedConnection> ConnectionOperations::RenewTicket(
    absl::string_view server_id, absl::string_view connection_id,
    absl::string_view uid) {
  StartedConnection started;
  std::shared_ptr<link::GoferLink> link;
  worker::v1::ToGofer ask;
  {
    const ModelLock lock(model_);
    const model::ServerPtr server = model_.Find(lock, server_id);
    if (server == nullptr) return model::Model::NoServer(server_id);
    model::ConnectionRecord* const record =
        model_.FindConnection(lock, server->record(lock), uid);
    if (record == nullptr) return NoConnection(server_id, connection_id);
    started.connection = record->resource;
    if (!record->waits_for_client()) return started;
    tickets_.Revoke(record->resource.uid());
    auto ticket = issuer_.Issue(server->record(lock), record->resource,
                                record->ticket_ttl);
    if (!ticket.ok()) return ticket.status();
    started.ticket = *std::move(ticket);
    link = server->record(lock).link.current;
    auto& data = *ask.mutable_set_connection_data();
    data.set_uid(record->resource.uid());
    data.set_daemon_data(
        KeptState(record->resource, *started.ticket, record->request));
  }
  KeepRenewed(link, std::move(ask));
  if (started.connection.attach_mode() == admin::ATTACH_MODE_LISTEN) {
    // The ticket stays when this fails: its connection has to time out.
    absl::Status opened = issuer_.OpenSocket(*started.ticket);
    if (!opened.ok()) return opened;
  }
  return started;
}

absl::StatusOr<admin::Connection> ConnectionOperations::Get(
    absl::string_view server_id, absl::string_view connection_id) const {
  const ModelLock lock(model_);
  const model::ServerPtr server = model_.Find(lock, server_id);
  if (server == nullptr) return model::Model::NoServer(server_id);
  const auto* const found = server->record(lock).FindVisible(connection_id);
  if (found == nullptr) return NoConnection(server_id, connection_id);
  return found->resource;
}

absl::StatusOr<int64_t> ConnectionOperations::Visit(
    const names::ServerScope& scope,
    const std::optional<names::ChildName>& after,
    absl::FunctionRef<bool(const admin::Connection&)> visit) const {
  const ModelLock lock(model_);
  const int64_t revision = model_.events().revision();
  const auto& servers = model_.servers(lock);
  if (!scope.is_all() && !servers.contains(scope.id())) {
    return model::Model::NoServer(scope.id());
  }
  auto server = after ? servers.lower_bound(after->server_id) : servers.begin();
  for (; server != servers.end(); ++server) {
    if (!scope.Includes(server->first)) continue;
    const auto& connections = server->second->record(lock).connections;
    auto connection = after && server->first == after->server_id
                          ? connections.upper_bound(after->id)
                          : connections.begin();
    for (; connection != connections.end(); ++connection) {
      if (!connection->second.visible) continue;
      if (!visit(connection->second.resource)) return revision;
    }
  }
  return revision;
}

absl::StatusOr<model::ConnectionCounts> ConnectionOperations::Count(
    const names::ServerScope& scope) const {
  const ModelLock lock(model_);
  if (scope.is_all()) return model_.totals(lock);
  const model::ServerPtr server = model_.Find(lock, scope.id());
  if (server == nullptr) return model::Model::NoServer(scope.id());
  return server->record(lock).counts;
}

absl::StatusOr<admin::Connection> ConnectionOperations::Stop(
    absl::string_view server_id, absl::string_view connection_id,
    const admin::StopConnectionRequest& request) {
  std::shared_ptr<link::GoferLink> link;
  std::string uid;
  Warnings warnings;
  {
    const ModelLock lock(model_);
    if (absl::Status status = threads_.CheckRunning(); !status.ok()) {
      return status;
    }
    const model::ServerPtr entry = model_.Find(lock, server_id);
    if (entry == nullptr) return model::Model::NoServer(server_id);
    const model::ServerRecord& server = entry->record(lock);
    const auto* const connection = server.FindVisible(connection_id);
    if (connection == nullptr) return NoConnection(server_id, connection_id);
    const admin::Connection& resource = connection->resource;
    if (!HasEtag(resource, request.etag())) {
      return model::EtagMismatch(resource.name(), resource.etag());
    }
    if (model::HasEnded(resource.state())) return resource;
    absl::Status may = CheckAcknowledged(*connection, request);
    if (!may.ok()) return may;
    if (request.mode() == admin::StopConnectionRequest::DRAIN) {
      warnings = WarningsOfDrain(resource);
    }
    if (request.strict()) {
      may = CheckNoEscapes(absl::StrCat("the drain of ", resource.name()),
                           warnings);
      if (!may.ok()) return may;
    }
    if (request.validate_only()) {
      admin::Connection checked = resource;
      *checked.mutable_warnings() = std::move(warnings);
      return checked;
    }
    if (server.link.current == nullptr) return model::Unreachable(server);
    link = server.link.current;
    uid = resource.uid();
  }
  const auto answer =
      link->Ask(MakeStop(uid, request, settings_.stop_timeout()));
  if (!answer.ok()) return answer.status();
  // Not before: the end of a ticket is what ends a connection that waits when
  // its gofer could not be told.
  tickets_.Revoke(uid);
  auto stopped = Get(server_id, connection_id);
  if (stopped.ok()) *stopped->mutable_warnings() = std::move(warnings);
  return stopped;
}

void ConnectionOperations::Sweep(absl::Time now) {
  issuer_.RestoreSockets();
  const ModelLock lock(model_);
  std::map<std::shared_ptr<link::GoferLink>, std::vector<std::string>> late;
  for (const tickets::AttachClaim& claim : tickets_.TakeExpired(now)) {
    const model::ServerPtr server = model_.Find(lock, claim.server_id);
    if (server == nullptr) continue;
    model::ConnectionRecord* const record =
        model_.FindConnection(lock, server->record(lock), claim.connection_uid);
    if (record == nullptr || record->attaching) continue;
    late[server->record(lock).link.current].push_back(claim.connection_uid);
    model_.End(lock, server->record(lock), *record,
               admin::Connection::ATTACH_TIMEOUT,
               "nobody used the ticket in time", settings_.ended_retention());
  }
  for (auto& [link, uids] : late) {
    StopConnectionsLater(threads_.pool(), link, std::move(uids),
                         worker::v1::END_REASON_ATTACH_TIMEOUT);
  }
  for (const auto& [id, server] : model_.servers(lock)) {
    std::vector<std::string> old;
    for (const auto& [connection_id, record] :
         server->record(lock).connections) {
      if (record.resource.has_purge_time() &&
          translate::ToTime(record.resource.purge_time()) <= now) {
        old.push_back(connection_id);
      }
    }
    for (const std::string& connection_id : old) {
      model_.RemoveConnection(lock, server->record(lock), connection_id);
    }
  }
}

}  // namespace goferd::supervisor
