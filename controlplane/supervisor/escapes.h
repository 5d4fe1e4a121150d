// Which connections escape what is asked for, since they hold host FDs.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_ESCAPES_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_ESCAPES_H_

#include <google/protobuf/repeated_ptr_field.h>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "controlplane/model/server_record.h"
#include "goferd/admin/v1/handler_rule.pb.h"
#include "goferd/admin/v1/server.pb.h"

namespace goferd::supervisor {

namespace admin = goferd::admin::v1;

using Warnings =
    google::protobuf::RepeatedPtrField<admin::HandlerRule::Warning>;

// Each looks at the connections that there are, and is called with the model's
// lock held.

// Sets the warnings of `rule`.
void Warn(const model::ServerRecord& server, admin::HandlerRule& rule);
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
