#include "clients/goferctl/fs_read.h"
#include "clients/goferctl/fs_write.h"
#include "clients/goferctl/groups.h"

namespace goferctl {

void AddFsCommands(CLI::App& app, Action& chosen) {
  CLI::App& group =
      AddGroup(app, "fs",
               "Read and change files of a tree, through a connection of\n"
               "goferctl's own; no symbolic link is followed");
  AddFsReadCommands(group, chosen);
  AddFsWriteCommands(group, chosen);
}

}  // namespace goferctl
