#include "controlplane/link/paged_lists.h"

#include <utility>

#include "controlplane/errors/error.h"

namespace goferd::link {
namespace {

using worker::v1::Page;
using worker::v1::Response;
using worker::v1::ToGofer;

absl::Status NoEnd() {
  return errors::Error(errors::Reason::GOFER_UNREACHABLE,
                       "the pages of the gofer's list never end");
}

// `page` is the page of `ask`; `visit` gets an answer and returns the number of
// its elements, the next page's place, and whether to go on.
struct Visited {
  size_t count = 0;
  std::string next;
  bool goes_on = true;
};

absl::Status Walk(GoferLink& link, ToGofer& ask, Page& page,
                  PagedLists::Timeout timeout,
                  absl::FunctionRef<Visited(Response&)> visit) {
  page.set_max_bytes(PagedLists::kPageBytes);
  size_t count = 0;
  while (true) {
    auto answer = link.AskFor(timeout(), ask);
    if (!answer.ok()) return answer.status();
    const Visited visited = visit(*answer);
    if (!visited.goes_on || visited.next.empty()) return absl::OkStatus();
    count += visited.count;
    if (visited.next <= page.after_uid() || count > PagedLists::kMostElements) {
      return NoEnd();
    }
    page.set_after_uid(visited.next);
  }
}

}  // namespace

absl::Status PagedLists::Connections(GoferLink& link,
                                     worker::v1::ListConnections request,
                                     Timeout timeout, VisitConnections visit) {
  ToGofer ask;
  *ask.mutable_list_connections() = std::move(request);
  return Walk(link, ask, *ask.mutable_list_connections()->mutable_page(),
              timeout, [&](Response& answer) {
                auto& list = *answer.mutable_connections();
                const auto count = static_cast<size_t>(list.connections_size());
                const std::string next = list.next_after_uid();
                return Visited{count, next, visit(list)};
              });
}

absl::Status PagedLists::Rules(GoferLink& link, worker::v1::ListRules request,
                               Timeout timeout, VisitRules visit) {
  ToGofer ask;
  *ask.mutable_list_rules() = std::move(request);
  return Walk(link, ask, *ask.mutable_list_rules()->mutable_page(), timeout,
              [&](Response& answer) {
                auto& list = *answer.mutable_rules();
                const auto count = static_cast<size_t>(list.rules_size());
                const std::string next = list.next_after_uid();
                return Visited{count, next, visit(list)};
              });
}

absl::Status PagedLists::Stats(GoferLink& link,
                               worker::v1::GetStats::EveryConnection request,
                               Timeout timeout, VisitStats visit) {
  ToGofer ask;
  auto& every = *ask.mutable_get_stats()->mutable_every_connection();
  every = std::move(request);
  return Walk(link, ask, *every.mutable_page(), timeout, [&](Response& answer) {
    auto& list = *answer.mutable_stats();
    const auto count = static_cast<size_t>(list.stats_size());
    const std::string next = list.next_after_uid();
    return Visited{count, next, visit(list)};
  });
}

}  // namespace goferd::link
