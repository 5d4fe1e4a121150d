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

// What the command line asks for. It runs after the whole line was parsed, so
// that a line that makes no sense changes nothing.
using Action = std::function<absl::Status(Context&)>;

// Adds a command that has subcommands. `alias`: another name for it, or empty.
CLI::App& AddGroup(CLI::App& parent, const std::string& name,
                   const std::string& help, const std::string& alias = "");

// Adds a command. When the command line has it, `chosen` becomes `run`.
// `examples`: lines for its help, without "goferctl".
CLI::App& AddAction(CLI::App& group, Action& chosen, Action run,
                    const std::string& name, const std::string& help,
                    const std::string& examples);

// Adds a command as AddAction does, with flags that `declare` declares.
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
