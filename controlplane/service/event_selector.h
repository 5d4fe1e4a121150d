// EventSelector: which events one watch is told of.

#ifndef GOFERD_CONTROLPLANE_SERVICE_EVENT_SELECTOR_H_
#define GOFERD_CONTROLPLANE_SERVICE_EVENT_SELECTOR_H_

#include <map>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controlplane/errors/error.h"
#include "controlplane/model/event_log.h"
#include "controlplane/service/filter.h"
#include "goferd/admin/v1/event_service.pb.h"

namespace goferd::service {

namespace admin = goferd::admin::v1;

// Not thread-safe.
class EventSelector {
 public:
  // Matches everything.
  EventSelector() = default;
  // Adds what is wrong with parent and filter to `violations`.
  EventSelector(const admin::WatchEventsRequest& request,
                errors::FieldViolations& violations);

  // "-" for all.
  const std::string& server_id() const { return server_id_; }

  // To be asked in the order of events. A resource that was told of and stops
  // to match is told of once more, unless the filter asks for types of events;
  // so is one that this watch hears of for the first time, but did not see
  // being made, if it may have matched before.
  bool Wants(const admin::Event& event);

  // The token that resumes this watch behind `revision`.
  std::string TokenOf(const model::EventLog& log, int64_t revision) const;
  // Of a token of a watch with the same parent and filter; nothing for others.
  std::optional<model::EventLog::Token> ParseToken(
      const model::EventLog& log, absl::string_view token) const;

 private:
  bool IsUnderParent(absl::string_view name) const;

  std::string server_id_ = "-";
  Filter filter_;
  uint64_t fingerprint_ = 0;
  // Only with a filter: whether each was told of last, while it is there. Not
  // more than there are resources.
  std::map<std::string, bool> told_;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_EVENT_SELECTOR_H_
