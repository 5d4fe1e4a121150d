#include "deploy/runsc/dispatcher/runsc_call.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>

namespace gofer::dispatcher {
namespace {

constexpr std::string_view kRoot = "root";
constexpr std::string_view kBundle = "bundle";

// Commands to which directfs matters.
constexpr std::array<std::string_view, 5> kCommands = {"create", "run", "start",
                                                       "restore", "do"};
// Flags whose value an engine gives as a second word. Behind any other flag the
// name of a command is the command.
constexpr std::array<std::string_view, 7> kValued = {
    "root",     "log",    "log-format", "debug-log", "debug-log-format",
    "platform", "network"};

template <typename List>
bool Holds(const List& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

// Of --name=value, -name=value, --name.
struct Flag {
  std::string_view name;
  std::optional<std::string_view> value;
};

Flag Split(std::string_view word) {
  word.remove_prefix(word.starts_with("--") ? 2 : 1);
  const auto equals = word.find('=');
  if (equals == word.npos) {
    return {word, std::nullopt};
  }
  return {word.substr(0, equals), word.substr(equals + 1)};
}

std::string DefaultRoot() {
  const char* folder = std::getenv("XDG_RUNTIME_DIR");
  const bool is_set = folder != nullptr && *folder != '\0';
  return std::string(is_set ? folder : "/var/run") + "/runsc";
}

}  // namespace

RunscCall ReadRunscCall(const char* const* argv) {
  RunscCall call = {DefaultRoot(), "", ".", ""};
  if (*argv == nullptr) {
    return call;
  }
  for (++argv; *argv != nullptr; ++argv) {
    const std::string_view word = *argv;
    call.container = word;
    if (!word.starts_with('-')) {
      // Behind the command this is a container's name or a flag's value.
      if (call.command.empty()) {
        call.command = word;
      }
      continue;
    }
    Flag flag = Split(word);
    if (!flag.value && argv[1] != nullptr && argv[1][0] != '-' &&
        (Holds(kValued, flag.name) || flag.name == kBundle ||
         (call.command.empty() && !Holds(kCommands, argv[1])))) {
      flag.value = *++argv;
    }
    if (flag.value && flag.name == kRoot && call.command.empty()) {
      call.root = *flag.value;
    } else if (flag.value && flag.name == kBundle) {
      call.bundle = *flag.value;
    }
  }
  return call;
}

}  // namespace gofer::dispatcher
