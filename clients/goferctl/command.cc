#include "clients/goferctl/command.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace goferctl {
namespace {

std::string ExamplesFooter(const std::string& examples) {
  std::string footer = "Examples:";
  for (const absl::string_view line : absl::StrSplit(examples, '\n')) {
    absl::StrAppend(&footer, "\n  goferctl ", line);
  }
  return footer;
}

}  // namespace

CLI::App& AddGroup(CLI::App& parent, const std::string& name,
                   const std::string& help, const std::string& alias) {
  CLI::App* const group = parent.add_subcommand(name, help);
  group->require_subcommand(1);
  group->fallthrough();
  group->footer("");
  if (!alias.empty()) group->alias(alias);
  return *group;
}

CLI::App& AddAction(CLI::App& group, Action& chosen, Action run,
                    const std::string& name, const std::string& help,
                    const std::string& examples) {
  CLI::App* const command = group.add_subcommand(name, help);
  command->fallthrough();
  command->footer(ExamplesFooter(examples));
  command->final_callback([&chosen, run = std::move(run)] { chosen = run; });
  return *command;
}

}  // namespace goferctl
