#include "clients/goferctl/run.h"

#include <CLI/CLI.hpp>
#include <ostream>

#include "clients/goferctl/error_text.h"
#include "clients/goferctl/exit_code.h"
#include "clients/goferctl/groups.h"

namespace goferctl {
namespace {

constexpr char kFooter[] =
    "Every command has --help with examples.\n\n"
    "Exit codes: 0 success; 1 to 16 the code of gRPC, such as 3 invalid "
    "argument,\n4 deadline exceeded, 5 not found, 7 permission denied, "
    "9 failed precondition,\n14 unavailable, 15 data loss, also of what stdout "
    "does not take; 64 usage;\n126 and 127 when `connect` cannot run its "
    "program.\nA watch (-w) ends with 0 when it is "
    "interrupted (SIGINT, SIGTERM).\nWith several --endpoints: 0 when one "
    "answered and the others could not be\nreached, which stderr names.";

void Declare(CLI::App& app, GlobalFlags& flags, Action& chosen) {
  app.require_subcommand(1);
  app.set_version_flag("--version", "goferctl " GOFERD_VERSION);
  DeclareGlobalFlags(app, flags);
  AddServerCommands(app, chosen);
  AddConnectionCommands(app, chosen);
  AddHandlerCommands(app, chosen);
  AddFaultCommands(app, chosen);
  AddEventCommands(app, chosen);
  AddStatsCommands(app, chosen);
  AddDaemonCommands(app, chosen);
  AddConnectCommand(app, chosen);
  AddFsCommands(app, chosen);
  app.footer(kFooter);
}

int Report(const absl::Status& status, std::ostream& err) {
  if (!status.ok() && !IsReported(status)) err << ErrorText(status);
  err.flush();
  return ExitCodeOf(status);
}

// A caller must not take output for whole that did not reach stdout.
int Finish(int code, Environment& environment) {
  environment.out.flush();
  if (code != 0 || environment.out) return code;
  return Report(OutputError(), environment.err);
}

}  // namespace

int Run(int argc, const char* const* argv, Environment& environment) {
  GlobalFlags flags;
  Action chosen;
  CLI::App app("goferctl controls goferd: its servers, connections and faults.",
               "goferctl");
  Declare(app, flags, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    app.exit(success, environment.out, environment.err);
    return Finish(0, environment);
  } catch (const CLI::ParseError& error) {
    std::string text = error.what();
    for (char& c : text) {
      if (c == '\n') c = ' ';
    }
    return Report(UsageError(text), environment.err);
  }
  Context context(flags, environment);
  return Finish(Report(chosen(context), environment.err), environment);
}

}  // namespace goferctl
