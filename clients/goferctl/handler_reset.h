// The command `reset`, of handlers and of faults.

#ifndef GOFERD_CLIENTS_GOFERCTL_HANDLER_RESET_H_
#define GOFERD_CLIENTS_GOFERCTL_HANDLER_RESET_H_

#include "clients/goferctl/command.h"

namespace goferctl {

// Adds `reset` of all rules and of the table.
void AddHandlerReset(CLI::App& group, Action& chosen);
// Adds `reset` of the rules that inject faults.
void AddFaultReset(CLI::App& group, Action& chosen);

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_HANDLER_RESET_H_
