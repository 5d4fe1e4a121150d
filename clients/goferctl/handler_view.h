// How a Handler looks.

#ifndef GOFERD_CLIENTS_GOFERCTL_HANDLER_VIEW_H_
#define GOFERD_CLIENTS_GOFERCTL_HANDLER_VIEW_H_

#include "clients/goferctl/output.h"
#include "goferd/admin/v1/handler.pb.h"

namespace goferctl {

const View<goferd::admin::v1::Handler>& HandlerView();

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_HANDLER_VIEW_H_
