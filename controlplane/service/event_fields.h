// What events are about, as filters ask for it.

#ifndef GOFERD_CONTROLPLANE_SERVICE_EVENT_FIELDS_H_
#define GOFERD_CONTROLPLANE_SERVICE_EVENT_FIELDS_H_

#include <string>

#include "absl/strings/string_view.h"
#include "controlplane/service/filter.h"
#include "goferd/admin/v1/event_service.pb.h"

namespace goferd::service {

namespace admin = goferd::admin::v1;

// `type`, `kind`, and of the resource `state`, `mount_fd` and `labels`.
const FilterSchema& EventFilterSchema();

// The name of the event's resource; empty when it has none.
std::string ResourceNameOf(const admin::Event& event);

bool Matches(const Filter& filter, const admin::Event& event);
// Whether the resource may have matched at another time: its kind stays, and so
// do the labels of a connection; the type of the event is left out of account.
bool CouldHaveMatched(const Filter& filter, const admin::Event& event);

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_EVENT_FIELDS_H_
