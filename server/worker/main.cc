#include <malloc.h>

#include <cstdio>
#include <variant>

#include "server/worker/command_line.h"
#include "server/worker/exit_code.h"
#include "server/worker/startup.h"

int main(int argc, char** argv) {
  using gofer::worker::ExitCode;
  // An arena per thread would cost each connection's threads memory that they
  // hardly use.
  ::mallopt(M_ARENA_MAX, 2);
  const auto parsed = gofer::worker::ParseCommandLine(argc, argv);
  if (const auto* help = std::get_if<gofer::worker::HelpText>(&parsed)) {
    std::fputs(help->text.c_str(), stdout);
    return static_cast<int>(ExitCode::kOk);
  }
  if (const auto* error = std::get_if<gofer::worker::UsageError>(&parsed)) {
    std::fprintf(stderr, "gofer: usage: %s\n", error->text.c_str());
    return static_cast<int>(ExitCode::kUsage);
  }
  const auto& options = *std::get_if<gofer::worker::ServeOptions>(&parsed);
  return static_cast<int>(gofer::worker::Serve(options));
}
