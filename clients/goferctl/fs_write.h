// The commands of `fs` that write: put, rm, mkdir and mv.

#ifndef GOFERD_CLIENTS_GOFERCTL_FS_WRITE_H_
#define GOFERD_CLIENTS_GOFERCTL_FS_WRITE_H_

#include "clients/goferctl/command.h"

namespace goferctl {

void AddFsWriteCommands(CLI::App& group, Action& chosen);

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_FS_WRITE_H_
