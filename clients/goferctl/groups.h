// The commands of goferctl, a function for each group.

#ifndef GOFERD_CLIENTS_GOFERCTL_GROUPS_H_
#define GOFERD_CLIENTS_GOFERCTL_GROUPS_H_

#include "clients/goferctl/command.h"

namespace goferctl {

// Each declares its commands under `app`; the one that the command line has is
// `chosen` after parsing. `chosen` outlives the parsing.
void AddServerCommands(CLI::App& app, Action& chosen);
void AddConnectionCommands(CLI::App& app, Action& chosen);
void AddHandlerCommands(CLI::App& app, Action& chosen);
void AddFaultCommands(CLI::App& app, Action& chosen);
void AddEventCommands(CLI::App& app, Action& chosen);
void AddStatsCommands(CLI::App& app, Action& chosen);
void AddDaemonCommands(CLI::App& app, Action& chosen);
void AddConnectCommand(CLI::App& app, Action& chosen);
void AddFsCommands(CLI::App& app, Action& chosen);

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_GROUPS_H_
