#include "controlplane/service/event_selector.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "controlplane/names/resource_name.h"
#include "controlplane/service/event_fields.h"
#include "controlplane/service/field_checks.h"
#include "controlplane/service/fingerprint.h"

namespace goferd::service {

using admin::Event;

EventSelector::EventSelector(const admin::WatchEventsRequest& request,
                             errors::FieldViolations& violations) {
  if (!request.parent().empty()) {
    server_id_ = CheckServerName(violations, "parent", request.parent(),
                                 names::Wildcard::kAllowed);
  }
  filter_ = CheckFilter(violations, request.filter(), EventFilterSchema());
  fingerprint_ = Fingerprint({server_id_, request.filter()});
}

bool EventSelector::IsUnderParent(absl::string_view name) const {
  if (server_id_ == names::kAllIds) return true;
  const std::string parent = names::FormatServerName(server_id_);
  return name == parent || absl::StartsWith(name, absl::StrCat(parent, "/"));
}

bool EventSelector::Wants(const Event& event) {
  const std::string name = ResourceNameOf(event);
  if (!IsUnderParent(name)) return false;
  if (filter_.empty()) return true;
  const bool matches = Matches(filter_, event);
  if (filter_.Mentions("type")) return matches;
  // A resource that existed before may have matched then: the client may know
  // it from a list, or from a watch that this one resumes.
  const bool may_be_known =
      event.type() != Event::ADDED && CouldHaveMatched(filter_, event);
  const auto told = told_.emplace(name, may_be_known).first;
  const bool was_told = told->second;
  told->second = matches;
  if (event.type() == Event::DELETED) {
    told_.erase(told);
    // The resources of a server go with it, handlers without an event.
    if (event.has_server()) {
      told_.erase(told_.lower_bound(name + "/"), told_.lower_bound(name + "0"));
    }
  }
  return matches || was_told;
}

std::string EventSelector::TokenOf(const model::EventLog& log,
                                   int64_t revision) const {
  return absl::StrCat(log.TokenOf(revision), ".", absl::Hex(fingerprint_));
}

std::optional<model::EventLog::Token> EventSelector::ParseToken(
    const model::EventLog& log, absl::string_view token) const {
  const size_t dot = token.rfind('.');
  if (dot == absl::string_view::npos ||
      token.substr(dot + 1) != absl::StrCat(absl::Hex(fingerprint_))) {
    return std::nullopt;
  }
  return log.ParseToken(token.substr(0, dot));
}

}  // namespace goferd::service
