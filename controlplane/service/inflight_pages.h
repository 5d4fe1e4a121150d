// InflightPages: serves a list of requests in flight page by page, as it was at
// one moment.

#ifndef GOFERD_CONTROLPLANE_SERVICE_INFLIGHT_PAGES_H_
#define GOFERD_CONTROLPLANE_SERVICE_INFLIGHT_PAGES_H_

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "controlplane/supervisor/stats_lists.h"
#include "server/base/mutex.h"

namespace goferd::service {

// Keeps the last 16 lists of which further pages may be asked for, with at most
// 65536 requests each. Thread-safe.
class InflightPages {
 public:
  using List = std::shared_ptr<const supervisor::InflightList>;

  // A place in a list.
  struct Place {
    List list;
    uint64_t id = 0;
    size_t offset = 0;
  };

  // Returns the beginning of a new list; the youngest requests are left out
  // when there are too many.
  Place Begin(supervisor::InflightList list);
  // Keeps the list of a place that Begin made.
  void Keep(const Place& place);
  // Returns the place that Format wrote; nothing when the list is not kept any
  // more.
  std::optional<Place> Find(absl::string_view position) const;
  static std::string Format(uint64_t id, size_t offset);

 private:
  struct Entry {
    uint64_t id;
    List list;
  };

  mutable gofer::base::Mutex mu_;
  // Entries in the order of age, the oldest first.
  std::list<Entry> entries_ ABSL_GUARDED_BY(mu_);
  uint64_t next_id_ ABSL_GUARDED_BY(mu_) = 1;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_INFLIGHT_PAGES_H_
