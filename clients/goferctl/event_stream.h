// Event streams: WatchEvents, which goes on after an overflow.

#ifndef GOFERD_CLIENTS_GOFERCTL_EVENT_STREAM_H_
#define GOFERD_CLIENTS_GOFERCTL_EVENT_STREAM_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "clients/goferctl/context.h"
#include "clients/goferctl/interruption.h"

namespace goferd::admin::v1 {
class Event;
class WatchEventsRequest;
}  // namespace goferd::admin::v1

namespace goferctl {

// Gives events to `take` until `take` returns false or the user interrupts (the
// result is then OK), the stream ends, or --timeout has passed (then
// DEADLINE_EXCEEDED). After an OVERFLOW, which `take` does not get, a new
// stream goes on from the OVERFLOW's token. Errors: those of WatchEvents.
absl::Status FollowEvents(
    const Context& context, Interruption& interruption, Node& node,
    goferd::admin::v1::WatchEventsRequest request,
    const std::function<bool(const goferd::admin::v1::Event&)>& take);

// The `filter` of a list, for events of one kind ("connection").
std::string EventFilter(absl::string_view kind, absl::string_view filter);

// The word for an event's type, such as "MODIFIED".
std::string TypeOf(const goferd::admin::v1::Event& event);

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_EVENT_STREAM_H_
