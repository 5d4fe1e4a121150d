#include "clients/goferctl/fs_read.h"
#include "clients/goferctl/fs_write.h"
#include "clients/goferctl/groups.h"

namespace goferctl {

void AddFsCommands(CLI::App& app, Action& chosen) {
  CLI::App& group = AddGroup(app, "fs",
                             "Look into a tree, through a connection of "
                             "goferctl's own; follows no symbolic link");
  AddFsReadCommands(group, chosen);
  AddFsWriteCommands(group, chosen);
}

}  // namespace goferctl
