// The fields of events that filters can ask for.

#ifndef GOFERD_CONTROLPLANE_SERVICE_EVENT_FIELDS_H_
#define GOFERD_CONTROLPLANE_SERVICE_EVENT_FIELDS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "controlplane/service/filter.h"
#include "goferd/admin/v1/event_service.pb.h"

namespace goferd::service {

namespace admin = goferd::admin::v1;

// `type` and `kind`, and whatever the resource's list can be filtered by.
const FilterSchema& EventFilterSchema();

// The name of the event's resource; empty when it has none.
std::string ResourceNameOf(const admin::Event& event);

bool Matches(const Filter& filter, const admin::Event& event);
// Whether the resource may have matched at another time. What never changes of
// a resource cannot have been another: its kind, when it was made, its origin
// or mount path, the labels of a connection; any other field can. The type of
// the event does not count.
bool CouldHaveMatched(const Filter& filter, const admin::Event& event);

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_EVENT_FIELDS_H_
