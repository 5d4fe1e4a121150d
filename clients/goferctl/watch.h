// Watches: a list, and then each change of what it lists.

#ifndef GOFERD_CLIENTS_GOFERCTL_WATCH_H_
#define GOFERD_CLIENTS_GOFERCTL_WATCH_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/goferctl/context.h"
#include "clients/goferctl/event_stream.h"
#include "clients/goferctl/fan_out.h"
#include "clients/goferctl/output.h"
#include "goferd/admin/v1/event_service.pb.h"
#include "server/base/mutex.h"

namespace goferctl {

// The events to watch after the list.
struct WatchTarget {
  std::string parent;  // servers/web, servers/-
  std::string kind;    // The `kind` of an event filter.
  std::string filter;  // The filter of the list.
};

// The field of an event that holds the watched resource.
template <class Message>
struct EventField {
  const Message& (goferd::admin::v1::Event::*get)() const;
  Message* (goferd::admin::v1::Event::*mutable_get)();
};

// Prints the rows of all nodes as ADDED, then a row for each event. In JSON
// both are events. Returns OK when the user interrupts; otherwise what RunOnAll
// makes of the nodes' failures and ended streams.
template <class Message, class Response, class Items>
absl::Status WatchList(
    Context& context, const WatchTarget& target, const View<Message>& view,
    const std::function<absl::StatusOr<Response>(Node& node)>& ask, Items items,
    const EventField<Message>& field) {
  using goferd::admin::v1::Event;
  auto nodes = context.AllNodes();
  if (!nodes.ok()) return nodes.status();
  std::vector<std::string> columns = view.columns;
  columns.insert(columns.begin(), "EVENT");
  Listing listing(context, columns, Listing::Kind::kStream);
  Interruption interruption;
  gofer::base::Mutex mu;
  const auto add = [&](const Node& node, const Event& event) {
    std::vector<std::string> cells = view.cells((event.*field.get)());
    cells.insert(cells.begin(), TypeOf(event));
    listing.Add(node.name, event, std::move(cells));
  };
  return RunOnAll(context, *nodes, [&](size_t, Node& node) -> absl::Status {
    const auto list = ask(node);
    if (!list.ok()) return list.status();
    {
      const gofer::base::MutexLock lock(mu);
      for (const Message& message : ((*list).*items)()) {
        Event event;
        event.set_type(Event::ADDED);
        *(event.*field.mutable_get)() = message;
        add(node, event);
      }
      listing.Print();
    }
    goferd::admin::v1::WatchEventsRequest request;
    request.set_parent(target.parent);
    request.set_filter(EventFilter(target.kind, target.filter));
    request.set_start_revision(list->revision());
    return FollowEvents(
        context, interruption, node, request, [&](const Event& event) {
          if (event.resource_case() == Event::RESOURCE_NOT_SET) {
            return true;
          }
          const gofer::base::MutexLock lock(mu);
          add(node, event);
          listing.Print();
          return true;
        });
  });
}

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_WATCH_H_
