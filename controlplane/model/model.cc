#include "controlplane/model/model.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "controlplane/model/message_bytes.h"
#include "controlplane/model/server_state.h"
#include "controlplane/names/resource_name.h"
#include "controlplane/translate/time_conversion.h"

namespace goferd::model {
namespace {

using State = admin::Connection::State;

size_t Index(State state) { return static_cast<size_t>(state); }

// How an end is told: as one side wanted, or as a failure.
State EndStateOf(admin::Connection::EndReason reason) {
  switch (reason) {
    case admin::Connection::CLIENT_EOF:
    case admin::Connection::ADMIN_STOP:
    case admin::Connection::SERVER_SHUTDOWN:
      return admin::Connection::CLOSED;
    default:
      return admin::Connection::FAILED;
  }
}

}  // namespace

ServerPtr Model::Find(const ModelLock&, absl::string_view id) const {
  const auto found = servers_.find(id);
  return found == servers_.end() ? nullptr : found->second;
}

absl::Status Model::NoServer(absl::string_view id) {
  return errors::Error(
      errors::Reason::SERVER_NOT_FOUND,
      absl::StrCat("there is no server ", names::FormatServerName(id),
                   " on this node: ListServers has those that there are"),
      {{"resource", names::FormatServerName(id)}});
}

ConnectionRecord* Model::FindConnection(const ModelLock&, ServerRecord& server,
                                        absl::string_view uid) const {
  const auto id = server.connection_ids.find(uid);
  if (id == server.connection_ids.end()) return nullptr;
  const auto found = server.connections.find(id->second);
  return found == server.connections.end() ? nullptr : &found->second;
}

std::string Model::NewEtag() {
  return absl::StrCat(absl::string_view(events_.instance_uid()).substr(0, 8),
                      "-", next_etag_++);
}

void Model::Add(const ModelLock& lock, ServerPtr server) {
  ServerRecord& record = server->record(lock);
  record.resource.set_etag(NewEtag());
  Publish(admin::Event::ADDED, record);
  servers_.emplace(record.id, std::move(server));
}

void Model::Changed(const ModelLock&, ServerRecord& server) {
  server.resource.set_etag(NewEtag());
  *server.resource.mutable_update_time() = translate::ToProto(absl::Now());
  Publish(admin::Event::MODIFIED, server);
}

absl::Status Model::SetState(const ModelLock& lock, ServerRecord& server,
                             admin::Server::State state) {
  if (!MayFollow(server.resource.state(), state)) {
    return errors::Error(
        errors::Reason::INTERNAL_FAULT,
        absl::StrCat(server.name(), " cannot become ",
                     admin::Server::State_Name(state), ": it is ",
                     admin::Server::State_Name(server.resource.state())),
        {{"resource", server.name()}});
  }
  server.resource.set_state(state);
  if (state != admin::Server::DRAINING && state != admin::Server::STOPPING) {
    server.resource.clear_holders();
  }
  Changed(lock, server);
  return absl::OkStatus();
}

void Model::Remove(const ModelLock& lock, const ServerPtr& server) {
  ServerRecord& record = server->record(lock);
  while (!record.connections.empty()) {
    RemoveConnection(lock, record, record.connections.begin()->first);
  }
  while (!record.overrides.rules.empty()) {
    RemoveRule(lock, record, record.overrides.rules.begin()->first);
  }
  // By iterator: `server` may be the map's own.
  const auto found = servers_.find(record.id);
  if (found == servers_.end() || found->second != server) return;
  // NOLINTNEXTLINE(performance-unnecessary-copy-initialization)
  const ServerPtr kept = server;
  servers_.erase(found);
  record.resource.set_state(admin::Server::STOPPED);
  record.resource.set_etag(NewEtag());
  Publish(admin::Event::DELETED, record);
}

void Model::Count(ServerRecord& server, const admin::Connection& connection,
                  int by) {
  const State state = connection.state();
  const bool holds = ConnectionCounts::IsActive(state) &&
                     connection.mount_fd() == admin::Connection::DONATED;
  for (ConnectionCounts* const counts : {&server.counts, &totals_}) {
    counts->by_state[Index(state)] += by;
    if (holds) counts->mount_fd_donated += by;
  }
  server.resource.set_active_connection_count(
      static_cast<int32_t>(server.counts.active()));
  server.resource.set_mount_fd_connection_count(
      static_cast<int32_t>(server.counts.mount_fd_donated));
}

ConnectionRecord& Model::AddConnection(const ModelLock&, ServerRecord& server,
                                       admin::Connection resource) {
  const std::string id = names::IdOf(resource.name());
  server.connection_ids[resource.uid()] = id;
  if (resource.state() == admin::Connection::STATE_UNSPECIFIED) {
    resource.set_state(admin::Connection::PENDING_ATTACH);
  }
  Count(server, resource, 1);
  ConnectionRecord& record = server.connections[id];
  record.resource = std::move(resource);
  return record;
}

void Model::Announce(const ModelLock&, ConnectionRecord& connection) {
  connection.visible = true;
  connection.resource.set_etag(NewEtag());
  *connection.resource.mutable_update_time() = translate::ToProto(absl::Now());
  Publish(admin::Event::ADDED, connection);
}

void Model::Changed(const ModelLock&, ConnectionRecord& connection) {
  connection.resource.set_etag(NewEtag());
  *connection.resource.mutable_update_time() = translate::ToProto(absl::Now());
  if (connection.visible) Publish(admin::Event::MODIFIED, connection);
}

void Model::SetState(const ModelLock&, ServerRecord& server,
                     ConnectionRecord& connection, State state) {
  Count(server, connection.resource, -1);
  connection.resource.set_state(state);
  Count(server, connection.resource, 1);
}

bool Model::AdvanceMountFd(const ModelLock&, ServerRecord& server,
                           ConnectionRecord& connection,
                           admin::Connection::MountFd mount_fd) {
  if (mount_fd <= connection.resource.mount_fd()) return false;
  Count(server, connection.resource, -1);
  connection.resource.set_mount_fd(mount_fd);
  Count(server, connection.resource, 1);
  return true;
}

void Model::EndAt(const ModelLock& lock, absl::Time time, ServerRecord& server,
                  ConnectionRecord& connection,
                  admin::Connection::EndReason reason, absl::string_view detail,
                  absl::Duration retention) {
  const State former = connection.resource.state();
  if (HasEnded(former)) return;
  SetState(lock, server, connection, EndStateOf(reason));
  connection.open_files = 0;
  admin::Connection& resource = connection.resource;
  resource.set_end_reason(reason);
  resource.set_end_detail(detail.data(), detail.size());
  resource.clear_conditions();
  // What has not mounted never will. A mount of whose FD nothing was heard
  // stays POSSIBLE.
  if (former == admin::Connection::PENDING_ATTACH ||
      former == admin::Connection::ATTACHED) {
    AdvanceMountFd(lock, server, connection, admin::Connection::WITHHELD);
  }
  const absl::Time end = std::min(time, absl::Now());
  *resource.mutable_end_time() = translate::ToProto(end);
  *resource.mutable_purge_time() = translate::ToProto(end + retention);
  Changed(lock, connection);
  NoteEnd(lock, server, connection);
}

void Model::NoteEnd(const ModelLock& lock, ServerRecord& server,
                    ConnectionRecord& connection) {
  // One that has left the model takes all of its connections along.
  const ServerPtr found = Find(lock, server.id);
  if (found == nullptr || &found->record(lock) != &server) return;
  connection.end_number = next_end_number_++;
  connection.ended_bytes = MessageBytes(connection.resource);
  server.ended.emplace(connection.end_number,
                       names::IdOf(connection.resource.name()));
  server.ended_bytes += connection.ended_bytes;
  ended_.emplace(connection.end_number, server.id);
  ended_bytes_ += connection.ended_bytes;
  ended_grew_.insert(server.id);
}

void Model::ForgetEnded(const ModelLock& lock) {
  const auto forget_first = [&](const std::string& server_id) {
    // A server that is not in the model yet has nothing to be forgotten.
    const ServerPtr server = Find(lock, server_id);
    if (server == nullptr) return false;
    ServerRecord& record = server->record(lock);
    if (record.ended.empty()) return false;
    const std::string id = record.ended.begin()->second;
    RemoveConnection(lock, record, id);
    return true;
  };
  for (const std::string& id : std::exchange(ended_grew_, {})) {
    const ServerPtr server = Find(lock, id);
    while (server != nullptr &&
           server->record(lock).ended_bytes > bounds_.of_server &&
           forget_first(id)) {
    }
  }
  while (ended_bytes_ > bounds_.of_all && !ended_.empty()) {
    const std::string id = ended_.begin()->second;
    if (!forget_first(id)) ended_.erase(ended_.begin());
  }
}

void Model::EndAll(const ModelLock& lock, ServerRecord& server,
                   admin::Connection::EndReason reason,
                   absl::string_view detail, absl::Duration retention) {
  for (auto& [id, connection] : server.connections) {
    End(lock, server, connection, reason, detail, retention);
  }
}

void Model::RemoveConnection(const ModelLock&, ServerRecord& server,
                             absl::string_view connection_id) {
  const auto found = server.connections.find(connection_id);
  if (found == server.connections.end()) return;
  ConnectionRecord& record = found->second;
  Count(server, record.resource, -1);
  if (record.end_number != 0) {
    server.ended.erase(record.end_number);
    server.ended_bytes -= record.ended_bytes;
    ended_.erase(record.end_number);
    ended_bytes_ -= record.ended_bytes;
  }
  server.connection_ids.erase(record.resource.uid());
  if (record.visible) Publish(admin::Event::DELETED, record);
  server.connections.erase(found);
}

void Model::PutRule(const ModelLock&, ServerRecord& server, RuleRecord rule) {
  const std::string id = names::IdOf(rule.resource.name());
  rule.resource.set_etag(NewEtag());
  *rule.resource.mutable_update_time() = translate::ToProto(absl::Now());
  const auto type = server.overrides.rules.contains(id) ? admin::Event::MODIFIED
                                                        : admin::Event::ADDED;
  RuleRecord& record = server.overrides.rules[id];
  record = std::move(rule);
  Publish(type, record);
}

void Model::RemoveRule(const ModelLock&, ServerRecord& server,
                       absl::string_view rule_id) {
  const auto found = server.overrides.rules.find(rule_id);
  if (found == server.overrides.rules.end()) return;
  Publish(admin::Event::DELETED, found->second);
  server.overrides.rules.erase(found);
}

std::vector<const RuleRecord*> Model::RulesInOrder(const ServerRecord& server) {
  std::vector<const RuleRecord*> rules;
  for (const auto& [id, rule] : server.overrides.rules) rules.push_back(&rule);
  std::sort(rules.begin(), rules.end(),
            [](const RuleRecord* a, const RuleRecord* b) {
              if (a->resource.priority() != b->resource.priority()) {
                return a->resource.priority() > b->resource.priority();
              }
              return a->age_number < b->age_number;
            });
  return rules;
}

void Model::CheckWhetherAllAreImported(const ModelLock& lock) {
  for (const auto& [id, server] : servers_) {
    const ServerRecord& record = server->record(lock);
    const auto state = record.resource.state();
    if (!record.link.state_imported && (state == admin::Server::STARTING ||
                                        state == admin::Server::UNREACHABLE)) {
      return;
    }
  }
  all_imported_ = true;
}

void Model::HandlerChanged(const ModelLock&, admin::Handler handler) {
  admin::Event event;
  event.set_type(admin::Event::MODIFIED);
  *event.mutable_handler() = std::move(handler);
  events_.Publish(std::move(event));
}

void Model::Publish(admin::Event::Type type, const ServerRecord& server) {
  admin::Event event;
  event.set_type(type);
  *event.mutable_server() = server.resource;
  events_.Publish(std::move(event));
}

void Model::Publish(admin::Event::Type type,
                    const ConnectionRecord& connection) {
  admin::Event event;
  event.set_type(type);
  *event.mutable_connection() = connection.resource;
  events_.Publish(std::move(event));
}

void Model::Publish(admin::Event::Type type, const RuleRecord& rule) {
  admin::Event event;
  event.set_type(type);
  *event.mutable_handler_rule() = rule.resource;
  events_.Publish(std::move(event));
}

}  // namespace goferd::model
