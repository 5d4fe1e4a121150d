#include "controlplane/service/initial_state.h"

#include <algorithm>
#include <utility>

#include "controlplane/model/event_log.h"
#include "controlplane/names/resource_name.h"
#include "controlplane/service/event_fields.h"
#include "controlplane/supervisor/connections.h"
#include "controlplane/supervisor/handlers.h"
#include "controlplane/supervisor/rule_spec.h"
#include "controlplane/supervisor/rules.h"
#include "controlplane/supervisor/servers.h"
#include "goferd/admin/v1/connection.pb.h"
#include "goferd/admin/v1/handler.pb.h"
#include "goferd/admin/v1/server.pb.h"

namespace goferd::service {
namespace {

using admin::Event;

constexpr size_t kSliceSize = 256;
// This sorts behind all names.
constexpr char kEnd[] = "\x7f";

Event Added(int64_t revision) {
  Event event;
  event.set_type(Event::ADDED);
  event.set_revision(revision);
  return event;
}

// Makes a key that sorts as the supervisor sorts names, by their parts: "a/x"
// comes before "a-b/x".
std::string KeyOf(absl::string_view name) {
  std::string key(name);
  std::replace(key.begin(), key.end(), '/', '\1');
  return key;
}

// The key for rules and handlers, which have one slice for each server.
std::string ServerKey(absl::string_view name) {
  const std::string key = KeyOf(name);
  return key.substr(0, key.find('\1', sizeof("servers")));
}

void SetRevision(std::vector<Event>& events, int64_t revision) {
  for (Event& event : events) event.set_revision(revision);
}

}  // namespace

InitialState::InitialState(const supervisor::Node& node,
                           names::ServerScope scope)
    : node_(node),
      scope_(std::move(scope)),
      revision_(node.events.revision()) {}

absl::StatusOr<InitialState::Events> InitialState::Next() {
  switch (phase_) {
    case Phase::kServers:
      return NextServers();
    case Phase::kConnections:
      return NextConnections();
    case Phase::kOfServers:
      return NextOfServer();
    case Phase::kDone:
      return Events();
  }
  return Events();
}

absl::StatusOr<InitialState::Events> InitialState::NextServers() {
  Events events;
  const auto add = [&](const admin::Server& server) {
    const std::string id = names::IdOf(server.name());
    after_ = id;
    if (!scope_.Includes(id)) return true;
    server_ids_.push_back(id);
    *events.emplace_back(Added(0)).mutable_server() = server;
    return events.size() < kSliceSize;
  };
  if (!scope_.is_all()) {
    // The revision is read before the server: read after it, it could be too
    // late, and a change in between would be lost.
    const int64_t revision = node_.events.revision();
    auto server = node_.servers.Get(scope_.id());
    if (!server.ok()) return server.status();
    add(*server);
    SetRevision(events, revision);
    slices_[Event::kServer][kEnd] = revision;
    phase_ = Phase::kConnections;
    after_.clear();
    return events;
  }
  const int64_t revision = node_.servers.Visit(after_, add);
  SetRevision(events, revision);
  const bool is_last = events.size() < kSliceSize;
  slices_[Event::kServer][is_last ? std::string(kEnd)
                                  : KeyOf(names::FormatServerName(after_))] =
      revision;
  if (is_last) {
    phase_ = Phase::kConnections;
    after_.clear();
  }
  return events;
}

absl::StatusOr<InitialState::Events> InitialState::NextConnections() {
  Events events;
  const auto revision = node_.connections.Visit(
      scope_, names::SplitConnectionName(after_),
      [&](const admin::Connection& connection) {
        *events.emplace_back(Added(0)).mutable_connection() = connection;
        return events.size() < kSliceSize;
      });
  if (!revision.ok()) return revision.status();
  SetRevision(events, *revision);
  const bool is_last = events.size() < kSliceSize;
  if (!events.empty()) after_ = events.back().connection().name();
  slices_[Event::kConnection][is_last ? std::string(kEnd) : KeyOf(after_)] =
      *revision;
  if (is_last) phase_ = Phase::kOfServers;
  return events;
}

absl::StatusOr<InitialState::Events> InitialState::NextOfServer() {
  Events events;
  if (next_server_ == server_ids_.size()) {
    phase_ = Phase::kDone;
    return events;
  }
  const std::string& server_id = server_ids_[next_server_++];
  AddHandlers(server_id, events);
  AddRules(server_id, events);
  return events;
}

// Adds no rules of a server that is gone meanwhile, or does not answer: events
// tell them when the gofer is back.
void InitialState::AddRules(const std::string& server_id, Events& events) {
  const auto list = node_.rules.List(names::ServerScope(server_id));
  if (!list.ok()) return;
  for (const admin::HandlerRule& rule : list->rules) {
    *events.emplace_back(Added(list->revision)).mutable_handler_rule() = rule;
  }
  slices_[Event::kHandlerRule][ServerKey(names::FormatServerName(server_id))] =
      list->revision;
}

void InitialState::AddHandlers(const std::string& server_id, Events& events) {
  const int64_t revision = node_.events.revision();
  const auto handlers = node_.handlers.List(server_id);
  if (!handlers.ok()) return;
  for (const admin::Handler& handler : *handlers) {
    *events.emplace_back(Added(revision)).mutable_handler() = handler;
  }
  slices_[Event::kHandler][ServerKey(names::FormatServerName(server_id))] =
      revision;
}

bool InitialState::IsKnown(const Event& event) const {
  const auto slices = slices_.find(event.resource_case());
  if (slices == slices_.end()) return false;
  const std::string name = ResourceNameOf(event);
  const bool of_server = event.has_handler() || event.has_handler_rule();
  const auto slice = of_server ? slices->second.find(ServerKey(name))
                               : slices->second.lower_bound(KeyOf(name));
  return slice != slices->second.end() && event.revision() <= slice->second;
}

}  // namespace goferd::service
