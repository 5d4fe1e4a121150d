// ParseCommandLine: checks the words after `gofer`.

#ifndef GOFER_SERVER_WORKER_COMMAND_LINE_H_
#define GOFER_SERVER_WORKER_COMMAND_LINE_H_

#include <string>
#include <variant>

#include "server/worker/serve_options.h"

namespace gofer::worker {

// The text that --help or --version asked for.
struct HelpText {
  std::string text;
};

// What is wrong, in one line without a newline.
struct UsageError {
  std::string text;
};

// Looks at argv[1] and what follows; opens nothing.
std::variant<ServeOptions, ManagedOptions, HelpText, UsageError>
ParseCommandLine(int argc, const char* const* argv);

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_COMMAND_LINE_H_
