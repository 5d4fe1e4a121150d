// Which connections escape what is asked for, since they hold host FDs.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_ESCAPES_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_ESCAPES_H_

#include <google/protobuf/repeated_ptr_field.h>

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "controlplane/model/server_record.h"
#include "goferd/admin/v1/connection.pb.h"
#include "goferd/admin/v1/handler_rule.pb.h"
#include "goferd/admin/v1/server.pb.h"

namespace goferd::supervisor {

namespace admin = goferd::admin::v1;

using Warnings =
    google::protobuf::RepeatedPtrField<admin::HandlerRule::Warning>;

// All look at the connections that there are, and are called with the model's
// lock held.

// Warns of rules of one server. It goes through the connections once, however
// many rules there are. Borrows the record, and must not outlive the lock.
class RuleWarner {
 public:
  explicit RuleWarner(const model::ServerRecord& server);

  // Sets the warnings of `rule`.
  void Warn(admin::HandlerRule& rule) const;

 private:
  using Connections = std::vector<const admin::Connection*>;

  const model::ServerRecord& server_;
  // Live ones whose clients are given FDs of files, that hold their mount
  // point's FD, and that hold it or may get it.
  Connections with_files_;
  Connections with_mount_;
  Connections with_mount_or_soon_;
};

// Of a handler table that is not the stock one.
Warnings WarningsOfTable(const model::ServerRecord& server);
// Of limits that change from those of `before` to those of `after`. How many
// connections there may be holds for all of them.
Warnings WarningsOfLimits(const model::ServerRecord& server,
                          const admin::ServerLimits& before,
                          const admin::ServerLimits& after);
// Of the draining of the server, whose end is told by files that are open.
Warnings WarningsOfDrain(const model::ServerRecord& server);
// Of the same of one connection.
Warnings WarningsOfDrain(const admin::Connection& connection);

// ESCAPED_BY_CONNECTIONS when there is any warning. `what` is what is refused,
// such as a resource name.
absl::Status CheckNoEscapes(absl::string_view what, const Warnings& warnings);

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_ESCAPES_H_
