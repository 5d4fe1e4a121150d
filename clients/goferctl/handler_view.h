// View of a Handler.

#ifndef GOFERD_CLIENTS_GOFERCTL_HANDLER_VIEW_H_
#define GOFERD_CLIENTS_GOFERCTL_HANDLER_VIEW_H_

#include "clients/goferctl/output.h"

namespace goferd::admin::v1 {
class Handler;
}  // namespace goferd::admin::v1

namespace goferctl {

const View<goferd::admin::v1::Handler>& HandlerView();

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_HANDLER_VIEW_H_
