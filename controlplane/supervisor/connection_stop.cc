#include "controlplane/supervisor/connection_stop.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "goferd/worker/v1/frame.pb.h"

namespace goferd::supervisor {

void StopConnectionsLater(link::TaskPool& pool,
                          std::shared_ptr<link::GoferLink> link,
                          std::vector<std::string> uids,
                          worker::v1::EndReason reason) {
  if (link == nullptr) return;
  // Not the server's own lane: its restart must not wait for them.
  const link::Lane lane{absl::StrCat("stops of ", link->server_name())};
  pool.Post(lane, [link = std::move(link), uids = std::move(uids), reason] {
    for (const std::string& uid : uids) {
      worker::v1::ToGofer ask;
      auto& stop = *ask.mutable_stop_connection();
      stop.set_uid(uid);
      stop.set_mode(worker::v1::StopConnection::ABORT);
      stop.set_reason(reason);
      // A connection that is gone is what we want; a gofer that hangs is told
      // when it is known again.
      (void)link->Ask(std::move(ask));
    }
  });
}

}  // namespace goferd::supervisor
