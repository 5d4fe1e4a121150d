#include <cstdio>
#include <variant>

#include "controlplane/daemon/command_line.h"
#include "controlplane/daemon/daemon.h"
#include "controlplane/daemon/exit_code.h"
#include "controlplane/daemon/signals.h"

int main(int argc, char** argv) {
  using goferd::daemon::ExitCode;
  // Signals are blocked before the first thread, which libraries may start at
  // any time.
  if (!goferd::daemon::BlockSignals()) {
    return static_cast<int>(ExitCode::kSignals);
  }
  const auto parsed = goferd::daemon::ParseCommandLine(argc, argv);
  if (const auto* help = std::get_if<goferd::daemon::HelpText>(&parsed)) {
    std::fputs(help->text.c_str(), stdout);
    return static_cast<int>(ExitCode::kOk);
  }
  if (const auto* error = std::get_if<goferd::daemon::UsageError>(&parsed)) {
    std::fprintf(stderr, "goferd: usage: %s\n", error->text.c_str());
    return static_cast<int>(ExitCode::kUsage);
  }
  const auto& options = *std::get_if<goferd::daemon::Options>(&parsed);
  return static_cast<int>(goferd::daemon::Run(options));
}
