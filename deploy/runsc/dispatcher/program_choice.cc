#include "deploy/runsc/dispatcher/program_choice.h"

#include <cstring>

namespace gofer::dispatcher {
namespace {

constexpr char kHelperPrefix[] = "runsc-";
constexpr char kGoferName[] = "runsc-gofer";
constexpr char kGoferCommand[] = "gofer";

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
  const bool gofer = std::strcmp(argv[0], kGoferName) == 0 &&
                     command != nullptr &&
                     std::strcmp(command, kGoferCommand) == 0;
  return gofer ? Program::kGofer : Program::kRunsc;
}

}  // namespace gofer::dispatcher
