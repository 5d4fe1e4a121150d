#include <malloc.h>

#include <csignal>
#include <cstdio>
#include <string>
#include <variant>

#include "server/runsc/gofer_flags.h"
#include "server/runsc/user_log.h"
#include "server/worker/command_line.h"
#include "server/worker/container_gofer.h"
#include "server/worker/exit_code.h"
#include "server/worker/managed_gofer.h"
#include "server/worker/startup.h"

namespace {

int ServeRunsc(int argc, char** argv) {
  using gofer::runsc::FlagsError;
  using gofer::runsc::GoferFlags;
  const auto parsed = gofer::runsc::ParseGoferFlags(argc, argv);
  if (const auto* error = std::get_if<FlagsError>(&parsed)) {
    const std::string text = "usage: " + error->text;
    std::fprintf(stderr, "gofer: %s\n", text.c_str());
    gofer::runsc::LogErrorToUser(error->log_fd, text);
    return static_cast<int>(gofer::worker::ExitCode::kUsage);
  }
  return static_cast<int>(gofer::worker::ServeContainer(
      *std::get_if<GoferFlags>(&parsed), argc, argv));
}

}  // namespace

int main(int argc, char** argv) {
  using gofer::worker::ExitCode;
  // An arena per thread would cost each connection's threads memory that they
  // hardly use.
  ::mallopt(M_ARENA_MAX, 2);
  // A peer that has gone is an error of write(2), not the end of us.
  std::signal(SIGPIPE, SIG_IGN);
  if (gofer::runsc::IsGoferCommand(argc, argv)) return ServeRunsc(argc, argv);
  const auto parsed = gofer::worker::ParseCommandLine(argc, argv);
  if (const auto* help = std::get_if<gofer::worker::HelpText>(&parsed)) {
    std::fputs(help->text.c_str(), stdout);
    return static_cast<int>(ExitCode::kOk);
  }
  if (const auto* error = std::get_if<gofer::worker::UsageError>(&parsed)) {
    std::fprintf(stderr, "gofer: usage: %s\n", error->text.c_str());
    return static_cast<int>(ExitCode::kUsage);
  }
  if (const auto* managed =
          std::get_if<gofer::worker::ManagedOptions>(&parsed)) {
    return static_cast<int>(gofer::worker::ServeManaged(*managed));
  }
  const auto& options = *std::get_if<gofer::worker::ServeOptions>(&parsed);
  return static_cast<int>(gofer::worker::Serve(options));
}
