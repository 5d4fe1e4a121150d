#include "controlplane/service/event_fields.h"

#include <optional>

#include "absl/strings/strip.h"

namespace goferd::service {
namespace {

using admin::Event;
using Value = std::optional<std::string>;

std::string KindOf(const Event& event) {
  const auto* field = Event::descriptor()->FindFieldByNumber(
      static_cast<int>(event.resource_case()));
  return field == nullptr ? "" : field->name();
}

Value StateOf(const Event& event) {
  if (event.has_server()) {
    return admin::Server::State_Name(event.server().state());
  }
  if (event.has_connection()) {
    return admin::Connection::State_Name(event.connection().state());
  }
  return std::nullopt;
}

Value MountFdOf(const Event& event) {
  if (!event.has_connection()) return std::nullopt;
  return admin::Connection::MountFd_Name(event.connection().mount_fd());
}

template <class Labels>
Value Find(const Labels& labels, const std::string& key) {
  const auto it = labels.find(key);
  if (it == labels.end()) return std::nullopt;
  return it->second;
}

Value LabelOf(const Event& event, const std::string& key) {
  switch (event.resource_case()) {
    case Event::kServer:
      return Find(event.server().labels(), key);
    case Event::kConnection:
      return Find(event.connection().labels(), key);
    case Event::kHandlerRule:
      return Find(event.handler_rule().labels(), key);
    default:
      return std::nullopt;
  }
}

Value Get(const Event& event, absl::string_view field) {
  if (field == "type") return Event::Type_Name(event.type());
  if (field == "kind") return KindOf(event);
  if (field == "state") return StateOf(event);
  if (field == "mount_fd") return MountFdOf(event);
  if (absl::ConsumePrefix(&field, "labels.")) {
    return LabelOf(event, std::string(field));
  }
  return std::nullopt;
}

}  // namespace

const FilterSchema& EventFilterSchema() {
  static const FilterSchema* const schema = new FilterSchema{
      {{"type", {"ADDED", "MODIFIED", "DELETED"}},
       {"kind", {"server", "connection", "handler", "handler_rule"}},
       {"state", {}},
       {"mount_fd", {"POSSIBLE", "WITHHELD", "DONATED"}}},
      true};
  return *schema;
}

std::string ResourceNameOf(const Event& event) {
  switch (event.resource_case()) {
    case Event::kServer:
      return event.server().name();
    case Event::kConnection:
      return event.connection().name();
    case Event::kHandler:
      return event.handler().name();
    case Event::kHandlerRule:
      return event.handler_rule().name();
    case Event::RESOURCE_NOT_SET:
      return "";
  }
  return "";
}

bool Matches(const Filter& filter, const Event& event) {
  return filter.Matches(
      [&event](absl::string_view field) { return Get(event, field); });
}

bool CouldHaveMatched(const Filter& filter, const Event& event) {
  const bool has_state = event.has_server() || event.has_connection();
  const bool may_be_labelled = event.has_server() || event.has_handler_rule();
  return filter.CouldMatch(
      [&event](absl::string_view field) { return Get(event, field); },
      [&](absl::string_view field) {
        if (field == "state") return !has_state;
        if (field == "mount_fd") return !event.has_connection();
        return field == "kind" || !may_be_labelled;
      });
}

}  // namespace goferd::service
