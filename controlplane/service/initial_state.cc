#include "controlplane/service/initial_state.h"

#include <algorithm>
#include <utility>

#include "absl/strings/strip.h"
#include "controlplane/service/event_fields.h"
#include "controlplane/service/resource_name.h"

namespace goferd::service {
namespace {

using admin::Event;

constexpr size_t kSliceSize = 256;
// Behind all names.
constexpr char kEnd[] = "\x7f";

Event Added(int64_t revision) {
  Event event;
  event.set_type(Event::ADDED);
  event.set_revision(revision);
  return event;
}

// Names in the order of their parts, as the supervisor has them: "a/x" comes
// before "a-b/x".
std::string KeyOf(absl::string_view name) {
  std::string key(name);
  std::replace(key.begin(), key.end(), '/', '\1');
  return key;
}

// Of what the gofer of a server has: one slice for each server.
std::string ServerKey(absl::string_view name) {
  const std::string key = KeyOf(name);
  return key.substr(0, key.find('\1', sizeof("servers")));
}

void SetRevision(std::vector<Event>& events, int64_t revision) {
  for (Event& event : events) event.set_revision(revision);
}

}  // namespace

InitialState::InitialState(supervisor::Supervisor& supervisor,
                           std::string server_id)
    : supervisor_(supervisor),
      server_id_(std::move(server_id)),
      revision_(supervisor.events().revision()) {}

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
    const std::string id(absl::StripPrefix(server.name(), "servers/"));
    after_ = id;
    if (server_id_ != kAllIds && id != server_id_) return true;
    server_ids_.push_back(id);
    *events.emplace_back(Added(0)).mutable_server() = server;
    return events.size() < kSliceSize;
  };
  if (server_id_ != kAllIds) {
    // One name: the revision from before is not later than the server.
    const int64_t revision = supervisor_.events().revision();
    auto server = supervisor_.GetServer(server_id_);
    if (!server.ok()) return server.status();
    add(*server);
    SetRevision(events, revision);
    slices_[Event::kServer][kEnd] = revision;
    phase_ = Phase::kConnections;
    after_.clear();
    return events;
  }
  const int64_t revision = supervisor_.VisitServers(after_, add);
  SetRevision(events, revision);
  const bool is_last = events.size() < kSliceSize;
  slices_[Event::kServer][is_last ? std::string(kEnd)
                                  : KeyOf(FormatServerName(after_))] = revision;
  if (is_last) {
    phase_ = Phase::kConnections;
    after_.clear();
  }
  return events;
}

absl::StatusOr<InitialState::Events> InitialState::NextConnections() {
  Events events;
  const auto revision = supervisor_.VisitConnections(
      server_id_, after_, [&](const admin::Connection& connection) {
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

// A server that went meanwhile, or does not answer, has none: what it had is
// told of when it is back.
void InitialState::AddRules(const std::string& server_id, Events& events) {
  const auto list = supervisor_.ListRules(server_id);
  if (!list.ok()) return;
  for (const admin::HandlerRule& rule : list->rules) {
    *events.emplace_back(Added(list->revision)).mutable_handler_rule() = rule;
  }
  slices_[Event::kHandlerRule][ServerKey(FormatServerName(server_id))] =
      list->revision;
}

void InitialState::AddHandlers(const std::string& server_id, Events& events) {
  const int64_t revision = supervisor_.events().revision();
  const auto handlers = supervisor_.ListHandlers(server_id);
  if (!handlers.ok()) return;
  for (const admin::Handler& handler : *handlers) {
    *events.emplace_back(Added(revision)).mutable_handler() = handler;
  }
  slices_[Event::kHandler][ServerKey(FormatServerName(server_id))] = revision;
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
