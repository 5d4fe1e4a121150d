// Views of a Connection and of its ticket.

#ifndef GOFERD_CLIENTS_GOFERCTL_CONNECTION_VIEW_H_
#define GOFERD_CLIENTS_GOFERCTL_CONNECTION_VIEW_H_

#include "clients/goferctl/output.h"

namespace goferd::admin::v1 {
class Connection;
class StartConnectionResponse;
}  // namespace goferd::admin::v1

namespace goferctl {

const View<goferd::admin::v1::Connection>& ConnectionView();
// Shows the ticket too, in base64. It is a secret.
const View<goferd::admin::v1::StartConnectionResponse>& StartedView();

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_CONNECTION_VIEW_H_
