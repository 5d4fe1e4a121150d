// The command `reset`, of handlers and of faults.

#ifndef GOFERD_CLIENTS_GOFERCTL_HANDLER_RESET_H_
#define GOFERD_CLIENTS_GOFERCTL_HANDLER_RESET_H_

#include <CLI/CLI.hpp>

#include "clients/goferctl/command.h"
#include "goferd/admin/v1/handler_service.pb.h"

namespace goferctl {

// Adds `reset` of ALL (rules and table) or of FAULTS (rules that inject some).
void AddResetCommand(CLI::App& group, Action& chosen,
                     goferd::admin::v1::ResetHandlersRequest::Scope scope);

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_HANDLER_RESET_H_
