// What a patched runsc starts in place of /proc/self/exe, and what a user calls
// in place of the patched runsc. Becomes the gofer or a runsc. Descriptors and
// environment stay as they are, and so do arguments, with two exceptions: the
// gofer is told where goferd looks for it and what its runsc knows, and all are
// told when directfs is off.

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "deploy/runsc/dispatcher/directfs_choice.h"
#include "deploy/runsc/dispatcher/helper_call.h"
#include "deploy/runsc/dispatcher/installed_paths.h"
#include "deploy/runsc/dispatcher/program_choice.h"
#include "deploy/runsc/dispatcher/runsc_call.h"

namespace {

using gofer::dispatcher::HelperCall;
using gofer::dispatcher::InstalledPaths;
using gofer::dispatcher::Program;

// As a shell says it: the program could not be started.
constexpr int kCannotStart = 127;

void Say(const std::string& text) {
  const std::string line = "runsc dispatcher: " + text + "\n";
  // Nothing can be done about a failure.
  [[maybe_unused]] const auto written =
      ::write(STDERR_FILENO, line.data(), line.size());
}

void TellGofer(const InstalledPaths& paths, HelperCall& call) {
  if (*paths.runsc_traits != '\0') {
    call.AddFirst(std::string("--goferd-runsc-traits=") + paths.runsc_traits);
  }
  if (*paths.state_dir != '\0') {
    call.AddFirst(std::string("--goferd-state-dir=") + paths.state_dir);
  }
}

int Become(const char* path, char* const* argv) {
  if (*path == '\0') {
    Say("not installed: use install-runsc");
    return kCannotStart;
  }
  ::execve(path, argv, environ);
  Say(std::string("cannot start ") + path + ": " + std::strerror(errno));
  return kCannotStart;
}

// A gofer or a sandbox: its command line is changed where need be.
int BecomeHelper(const InstalledPaths& paths, Program program, char** argv) {
  HelperCall call(argv);
  const std::string refusal = ApplyDirectfs(paths, call);
  if (!refusal.empty()) {
    Say(refusal);
    return EXIT_FAILURE;
  }
  if (program == Program::kGofer) {
    TellGofer(paths, call);
  }
  return Become(program == Program::kGofer ? paths.gofer : paths.runsc,
                call.Argv().data());
}

// What a user calls.
int BecomeRunsc(const InstalledPaths& paths, char** argv) {
  HelperCall call(argv);
  const auto choice = gofer::dispatcher::ChooseDirectfs(
      paths, gofer::dispatcher::ReadRunscCall(argv));
  if (!choice.error.empty()) {
    Say(choice.error);
    return EXIT_FAILURE;
  }
  if (choice.off) {
    // First, where the flag is a global one whatever follows.
    call.AddFirst("--directfs=false");
  }
  return Become(paths.patched_runsc, call.Argv().data());
}

}  // namespace

int main(int /*argc*/, char** argv) {
  const InstalledPaths paths = gofer::dispatcher::ReadInstalledPaths();
  if (*paths.front != '\0' && argv[0] != nullptr) {
    return BecomeRunsc(paths, argv);
  }
  const Program program = gofer::dispatcher::ChooseProgram(argv);
  switch (program) {
    case Program::kGofer:
    case Program::kSandbox:
      return BecomeHelper(paths, program, argv);
    case Program::kRunsc:
      return Become(paths.runsc, argv);
    case Program::kPatchedRunsc:
      return Become(paths.patched_runsc, argv);
  }
  return kCannotStart;
}
