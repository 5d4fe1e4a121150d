// The commands that change servers: create, update, delete, drain, undrain.

#ifndef GOFERD_CLIENTS_GOFERCTL_SERVER_CHANGES_H_
#define GOFERD_CLIENTS_GOFERCTL_SERVER_CHANGES_H_

#include "clients/goferctl/command.h"

namespace goferctl {

void AddServerChanges(CLI::App& group, Action& chosen);

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_SERVER_CHANGES_H_
