// The commands of `fs` that read: ls, cat and stat.

#ifndef GOFERD_CLIENTS_GOFERCTL_FS_READ_H_
#define GOFERD_CLIENTS_GOFERCTL_FS_READ_H_

#include "clients/goferctl/command.h"

namespace goferctl {

void AddFsReadCommands(CLI::App& group, Action& chosen);

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_FS_READ_H_
