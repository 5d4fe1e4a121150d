// What a patched runsc starts in place of /proc/self/exe. Becomes the gofer or
// a runsc; descriptors, arguments and environment stay as they are, but that
// the gofer is told where goferd looks for it.

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "deploy/runsc/dispatcher/installed_paths.h"
#include "deploy/runsc/dispatcher/program_choice.h"

namespace {

// As a shell says it: the program could not be started.
constexpr int kCannotStart = 127;

// `argv` with one more word before runsc's.
std::vector<char*> WithStateDir(char** argv, std::string& word) {
  std::vector<char*> words = {argv[0], word.data()};
  for (char** next = argv + 1; *next != nullptr; ++next) words.push_back(*next);
  words.push_back(nullptr);
  return words;
}

void Say(const char* text) {
  // Nothing can be done about a failure.
  [[maybe_unused]] const auto written =
      ::write(STDERR_FILENO, text, std::strlen(text));
}

}  // namespace

int main(int /*argc*/, char** argv) {
  using gofer::dispatcher::Program;
  const auto paths = gofer::dispatcher::ReadInstalledPaths();
  const char* path = nullptr;
  std::string state_dir;
  std::vector<char*> longer;
  switch (gofer::dispatcher::ChooseProgram(argv)) {
    case Program::kGofer:
      path = paths.gofer;
      if (*paths.state_dir != '\0') {
        state_dir = std::string("--goferd-state-dir=") + paths.state_dir;
        longer = WithStateDir(argv, state_dir);
        argv = longer.data();
      }
      break;
    case Program::kRunsc:
      path = paths.runsc;
      break;
    case Program::kPatchedRunsc:
      path = paths.patched_runsc;
      break;
  }
  if (*path == '\0') {
    Say("runsc dispatcher: not installed: use install-runsc\n");
    return kCannotStart;
  }
  ::execve(path, argv, environ);
  const int error = errno;
  Say("runsc dispatcher: cannot start ");
  Say(path);
  Say(": ");
  Say(std::strerror(error));
  Say("\n");
  return kCannotStart;
}
