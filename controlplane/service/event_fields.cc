#include "controlplane/service/event_fields.h"

#include <algorithm>
#include <optional>
#include <string>

#include "absl/strings/match.h"
#include "controlplane/service/resource_filters.h"

namespace goferd::service {
namespace {

using admin::Event;
using Value = std::optional<std::string>;

std::string KindOf(const Event& event) {
  const auto* field = Event::descriptor()->FindFieldByNumber(
      static_cast<int>(event.resource_case()));
  return field == nullptr ? "" : field->name();
}

Value Get(const Event& event, absl::string_view field) {
  if (field == "type") return Event::Type_Name(event.type());
  if (field == "kind") return KindOf(event);
  switch (event.resource_case()) {
    case Event::kServer:
      return FilterValue(event.server(), field);
    case Event::kConnection:
      return FilterValue(event.connection(), field);
    case Event::kHandlerRule:
      return FilterValue(event.handler_rule(), field);
    default:
      return std::nullopt;
  }
}

// Adds the fields of a list's filter; one that several resources have can have
// the values of all of them.
void Add(const FilterSchema& list, FilterSchema& schema) {
  for (const FilterSchema::Field& field : list.fields) {
    const auto known = std::find_if(
        schema.fields.begin(), schema.fields.end(),
        [&field](const auto& other) { return other.name == field.name; });
    if (known == schema.fields.end()) {
      schema.fields.push_back(field);
      continue;
    }
    for (const std::string& value : field.values) {
      if (std::find(known->values.begin(), known->values.end(), value) ==
          known->values.end()) {
        known->values.push_back(value);
      }
    }
  }
}

FilterSchema MakeSchema() {
  FilterSchema schema{
      {{"type", {"ADDED", "MODIFIED", "DELETED"}},
       {"kind", {"server", "connection", "handler", "handler_rule"}}},
      true};
  Add(ServerFilterSchema(), schema);
  Add(ConnectionFilterSchema(), schema);
  Add(RuleFilterSchema(), schema);
  return schema;
}

}  // namespace

const FilterSchema& EventFilterSchema() {
  static const FilterSchema* const schema = new FilterSchema(MakeSchema());
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
        if (field == "mount_fd" || field == "end_reason") {
          return !event.has_connection();
        }
        if (field == "action") return !event.has_handler_rule();
        if (absl::StartsWith(field, "labels.")) return !may_be_labelled;
        return true;
      });
}

}  // namespace goferd::service
