// Commands: how a subcommand is declared.

#ifndef GOFERD_CLIENTS_GOFERCTL_COMMAND_H_
#define GOFERD_CLIENTS_GOFERCTL_COMMAND_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "clients/goferctl/context.h"

namespace CLI {
class App;
}  // namespace CLI

namespace goferctl {

// What the command line asks for; it runs after all of it was understood.
using Action = std::function<absl::Status(Context&)>;

// A command that has subcommands. `alias`: another name for it, or none.
CLI::App& AddGroup(CLI::App& parent, const std::string& name,
                   const std::string& help, const std::string& alias = "");

// A command that `run`s when it was chosen. `examples`: lines for its help,
// without "goferctl".
CLI::App& AddAction(CLI::App& group, Action& chosen, Action run,
                    const std::string& name, const std::string& help,
                    const std::string& examples);

// As AddAction, with flags of its own: `declare` says which.
template <class Flags>
void AddCommand(CLI::App& group, Action& chosen, const std::string& name,
                const std::string& help, const std::string& examples,
                void (*declare)(CLI::App&, Flags&),
                absl::Status (*run)(Context&, const Flags&)) {
  const auto flags = std::make_shared<Flags>();
  CLI::App& command = AddAction(
      group, chosen,
      [flags, run](Context& context) { return run(context, *flags); }, name,
      help, examples);
  declare(command, *flags);
}

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_COMMAND_H_
