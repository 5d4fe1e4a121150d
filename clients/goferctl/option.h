// Option: a flag or an argument of a command, declared to the parser.
//
// The parser (CLI11) costs seconds to compile, so its header stays behind this
// one: only option.cc, command.cc and run.cc include it.

#ifndef GOFERD_CLIENTS_GOFERCTL_OPTION_H_
#define GOFERD_CLIENTS_GOFERCTL_OPTION_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace goferctl {

// What was declared. A reference to the parser's own object, which lives as
// long as the parser.
class Option {
 public:
  explicit Option(CLI::Option* parsed) : parsed_(parsed) {}

  // Each returns this option. A command line that breaks one is a usage error.
  Option& Require();
  // `name`: of an option that is declared already, such as "--ttl".
  Option& Exclude(const std::string& name);
  Option& Need(const std::string& name);
  // A word holds several values, separated by commas.
  Option& SplitAtCommas();
  // The heading that --help shows it under.
  Option& SetGroup(const std::string& heading);

 private:
  CLI::Option* parsed_;
};

// Each Declare function borrows the value, which outlives the parsing and keeps
// what it holds unless the command line says otherwise. A name without dashes
// is an argument, known by its place.

// An option with a value. Value: std::string, std::vector<std::string>, an
// integer of 32 or 64 bits, or std::optional of such an integer.
template <class Value>
Option DeclareOption(CLI::App& app, const std::string& name, Value& value,
                     const std::string& help);

// An argument that must be given.
template <class Value>
Option DeclareArgument(CLI::App& app, const std::string& name, Value& value,
                       const std::string& help) {
  return DeclareOption(app, name, value, help).Require();
}

// A flag without a value.
Option DeclareFlag(CLI::App& app, const std::string& names, bool& value,
                   const std::string& help);

// Flags "--yes,!--no" that leave `value` alone when neither is given.
Option DeclareSwitch(CLI::App& app, const std::string& names,
                     std::optional<bool>& value, const std::string& help);

// A flag that takes one word each time it is given.
Option DeclareRepeated(CLI::App& app, const std::string& name,
                       std::vector<std::string>& words,
                       const std::string& help);

// A flag --label KEY=VALUE that may be repeated.
Option DeclareLabels(CLI::App& app, std::vector<std::string>& words);

// A flag with a duration such as "90s", "1h30m" or "250ms".
Option DeclareDuration(CLI::App& app, const std::string& name,
                       std::string& text, const std::string& help);

// An option with one word of `numbers`, in any case; `set` gets its number.
Option DeclareChoice(CLI::App& app, const std::string& name,
                     const std::map<std::string, int>& numbers,
                     const std::function<void(int)>& set,
                     const std::string& help);

// An option with one word of `words`.
template <class Enum>
Option DeclareEnum(CLI::App& app, const std::string& name, Enum& value,
                   const std::map<std::string, Enum>& words,
                   const std::string& help) {
  std::map<std::string, int> numbers;
  for (const auto& [word, number] : words) {
    numbers.emplace(word, static_cast<int>(number));
  }
  return DeclareChoice(
      app, name, numbers,
      [&value](int number) { value = static_cast<Enum>(number); }, help);
}

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_OPTION_H_
