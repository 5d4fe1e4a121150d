// PagedLists: asks a gofer for long lists, page by page.

#ifndef GOFERD_CONTROLPLANE_LINK_PAGED_LISTS_H_
#define GOFERD_CONTROLPLANE_LINK_PAGED_LISTS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "controlplane/link/gofer_link.h"
#include "goferd/worker/v1/frame.pb.h"

namespace goferd::link {

// However long a list is, no answer is longer than a page, and goferd keeps one
// page at a time. A gofer of an older release sends the whole list as one page.
// Blocks on the gofer. An error may come after some pages: those of
// GoferLink::AskFor, and GOFER_UNREACHABLE for pages that never end.
class PagedLists {
 public:
  static constexpr uint32_t kPageBytes = uint32_t{512} << 10;
  // More elements than any gofer may have.
  static constexpr size_t kMostElements = size_t{1} << 20;

  // Visits a page; false ends the list there.
  using VisitConnections = absl::FunctionRef<bool(worker::v1::ConnectionList&)>;
  using VisitRules = absl::FunctionRef<bool(worker::v1::RuleList&)>;
  using VisitStats = absl::FunctionRef<bool(worker::v1::StatsList&)>;
  // How long the next page may take.
  using Timeout = absl::FunctionRef<absl::Duration()>;

  // `request` says which connections; its page is filled in.
  static absl::Status Connections(GoferLink& link,
                                  worker::v1::ListConnections request,
                                  Timeout timeout, VisitConnections visit);
  static absl::Status Rules(GoferLink& link, worker::v1::ListRules request,
                            Timeout timeout, VisitRules visit);
  // The counters of connections.
  static absl::Status Stats(GoferLink& link,
                            worker::v1::GetStats::EveryConnection request,
                            Timeout timeout, VisitStats visit);
};

}  // namespace goferd::link

#endif  // GOFERD_CONTROLPLANE_LINK_PAGED_LISTS_H_
