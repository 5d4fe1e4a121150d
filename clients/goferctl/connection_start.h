// The commands that start connections.

#ifndef GOFERD_CLIENTS_GOFERCTL_CONNECTION_START_H_
#define GOFERD_CLIENTS_GOFERCTL_CONNECTION_START_H_

#include "clients/goferctl/command.h"

namespace goferctl {

// Adds `start` and `start-batch`.
void AddStartCommands(CLI::App& group, Action& chosen);

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_CONNECTION_START_H_
