#include "deploy/runsc/dispatcher/program_choice.h"

#include <cstring>

namespace gofer::dispatcher {
namespace {

constexpr char kHelperPrefix[] = "runsc-";
constexpr char kGoferName[] = "runsc-gofer";
constexpr char kGoferCommand[] = "gofer";
constexpr char kSandboxName[] = "runsc-sandbox";
constexpr char kSandboxCommand[] = "boot";

bool StartsWith(const char* text, const char* prefix) {
  return std::strncmp(text, prefix, std::strlen(prefix)) == 0;
}

// The first word that is no flag, or null.
const char* Command(const char* const* argv) {
  for (const char* const* word = argv + 1; *word != nullptr; ++word) {
    if (**word != '-') {
      return *word;
    }
  }
  return nullptr;
}

}  // namespace

Program ChooseProgram(const char* const* argv) {
  if (argv[0] == nullptr || !StartsWith(argv[0], kHelperPrefix)) {
    return Program::kPatchedRunsc;
  }
  const char* command = Command(argv);
  const auto is = [&](const char* name, const char* wanted) {
    return command != nullptr && std::strcmp(argv[0], name) == 0 &&
           std::strcmp(command, wanted) == 0;
  };
  if (is(kGoferName, kGoferCommand)) {
    return Program::kGofer;
  }
  return is(kSandboxName, kSandboxCommand) ? Program::kSandbox
                                           : Program::kRunsc;
}

}  // namespace gofer::dispatcher
