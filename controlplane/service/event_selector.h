// EventSelector: chooses the events that one watch is sent.

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
  // Adds the faults of parent and filter to `violations`.
  EventSelector(const admin::WatchEventsRequest& request,
                errors::FieldViolations& violations);

  // The watched server; "-" for all.
  const std::string& server_id() const { return server_id_; }

  // Whether to send `event`; must be asked in the order of events. Unless the
  // filter asks for types of events, a resource that has been sent and stops to
  // match is sent once more: otherwise the client would keep it. So is a
  // resource of which this watch has not seen the making, if it may have
  // matched before.
  bool Wants(const admin::Event& event);

  // The token that resumes this watch behind `revision`.
  std::string TokenOf(const model::EventLog& log, int64_t revision) const;
  // Reads a token of a watch with the same parent and filter; returns nothing
  // for any other token.
  std::optional<model::EventLog::Token> ParseToken(
      const model::EventLog& log, absl::string_view token) const;

 private:
  bool IsUnderParent(absl::string_view name) const;

  std::string server_id_ = "-";
  Filter filter_;
  uint64_t fingerprint_ = 0;
  // Whether the last event of each existing resource was sent. Only used with a
  // filter; bounded by the number of resources.
  std::map<std::string, bool> told_;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_EVENT_SELECTOR_H_
