// Warnings of connections whose clients hold host FDs: they work on the files
// without the gofer, and so escape what is asked for.

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

// All functions look at the connections that exist when they are called, under
// the model's lock.

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
  // Live connections whose clients are given FDs of files; those whose clients
  // hold their mount point's FD; those whose clients hold it or may get it.
  Connections with_files_;
  Connections with_mount_;
  Connections with_mount_or_soon_;
};

// Warns of a handler table that is not the stock one.
Warnings WarningsOfTable(const model::ServerRecord& server);
// Warns of an update of the server `before` to `after`: limits of what the
// gofer uses, and default options, which reach no client that has a mount
// point's FD already. max_connections is never escaped.
Warnings WarningsOfUpdate(const model::ServerRecord& server,
                          const admin::Server& before,
                          const admin::Server& after);
// Warns of the drain of a server, whose end is known by the open files.
Warnings WarningsOfDrain(const model::ServerRecord& server);
// Warns of the drain of one connection.
Warnings WarningsOfDrain(const admin::Connection& connection);
// Warns of what a connection that starts with `options`, as they were asked
// for, will escape: its max_fds, and the rules and handlers of its server. Its
// `readonly` holds, because the FD of its mount point is of a read-only mount.
Warnings WarningsOfStart(const model::ServerRecord& server,
                         const admin::ConnectionOptions& options,
                         const admin::Connection& connection);

// ESCAPED_BY_CONNECTIONS when there is any warning. `what` is what is refused,
// such as a resource name. What to do comes before the names of connections,
// since long texts are cut at their end.
absl::Status CheckNoEscapes(absl::string_view what, const Warnings& warnings);

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_ESCAPES_H_
