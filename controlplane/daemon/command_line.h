// The command line of goferd.

#ifndef GOFERD_CONTROLPLANE_DAEMON_COMMAND_LINE_H_
#define GOFERD_CONTROLPLANE_DAEMON_COMMAND_LINE_H_

#include <string>
#include <variant>

#include "controlplane/config/load.h"

namespace goferd::daemon {

// What goferd does with the configuration.
enum class Task { kRun, kCheckConfig, kPrintConfig };

struct Options {
  Task task = Task::kRun;
  // Empty when there is no file.
  std::string config_path;
  config::Overrides overrides;
};

// The text that --help or --version prints on standard output.
struct HelpText {
  std::string text;
};

struct UsageError {
  std::string text;
};

std::variant<Options, HelpText, UsageError> ParseCommandLine(int argc,
                                                             char** argv);

}  // namespace goferd::daemon

#endif  // GOFERD_CONTROLPLANE_DAEMON_COMMAND_LINE_H_
