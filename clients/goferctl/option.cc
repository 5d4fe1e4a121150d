#include "clients/goferctl/option.h"

#include <CLI/CLI.hpp>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace goferctl {
namespace {

std::string CheckDuration(const std::string& text) {
  absl::Duration duration;
  if (absl::ParseDuration(text, &duration) &&
      duration >= absl::ZeroDuration()) {
    return "";
  }
  return absl::StrCat("\"", text,
                      "\" is not a duration such as 90s, 1h30m or 250ms");
}

std::string CheckLabel(const std::string& text) {
  if (text.find('=') != std::string::npos && text.front() != '=') return "";
  return absl::StrCat("\"", text, "\" is not KEY=VALUE");
}

}  // namespace

Option& Option::Require() {
  parsed_->required();
  return *this;
}

Option& Option::Exclude(const std::string& name) {
  parsed_->excludes(name);
  return *this;
}

Option& Option::Need(const std::string& name) {
  parsed_->needs(name);
  return *this;
}

Option& Option::SplitAtCommas() {
  parsed_->delimiter(',');
  return *this;
}

Option& Option::SetGroup(const std::string& heading) {
  parsed_->group(heading);
  return *this;
}

template <class Value>
Option DeclareOption(CLI::App& app, const std::string& name, Value& value,
                     const std::string& help) {
  return Option(app.add_option(name, value, help));
}

template Option DeclareOption(CLI::App&, const std::string&, std::string&,
                              const std::string&);
template Option DeclareOption(CLI::App&, const std::string&,
                              std::vector<std::string>&, const std::string&);
template Option DeclareOption(CLI::App&, const std::string&, int32_t&,
                              const std::string&);
template Option DeclareOption(CLI::App&, const std::string&, int64_t&,
                              const std::string&);
template Option DeclareOption(CLI::App&, const std::string&,
                              std::optional<int32_t>&, const std::string&);
template Option DeclareOption(CLI::App&, const std::string&,
                              std::optional<int64_t>&, const std::string&);
template Option DeclareOption(CLI::App&, const std::string&,
                              std::optional<uint32_t>&, const std::string&);
template Option DeclareOption(CLI::App&, const std::string&,
                              std::optional<uint64_t>&, const std::string&);

Option DeclareFlag(CLI::App& app, const std::string& names, bool& value,
                   const std::string& help) {
  return Option(app.add_flag(names, value, help));
}

Option DeclareSwitch(CLI::App& app, const std::string& names,
                     std::optional<bool>& value, const std::string& help) {
  return Option(app.add_flag_function(
      names, [&value](int64_t count) { value = count > 0; }, help));
}

Option DeclareRepeated(CLI::App& app, const std::string& name,
                       std::vector<std::string>& words,
                       const std::string& help) {
  return Option(app.add_option(name, words, help)->allow_extra_args(false));
}

Option DeclareLabels(CLI::App& app, std::vector<std::string>& words) {
  return Option(app.add_option("--label", words, "KEY=VALUE; may be repeated")
                    ->allow_extra_args(false)
                    ->check(CheckLabel, ""));
}

Option DeclareDuration(CLI::App& app, const std::string& name,
                       std::string& text, const std::string& help) {
  return Option(app.add_option(name, text, help)
                    ->check(CheckDuration, "")
                    ->type_name("DURATION"));
}

Option DeclareChoice(CLI::App& app, const std::string& name,
                     const std::map<std::string, int>& numbers,
                     const std::function<void(int)>& set,
                     const std::string& help) {
  return Option(
      app.add_option_function<int>(name, set, help)
          ->transform(CLI::CheckedTransformer(numbers, CLI::ignore_case)
                          .description(""))
          ->type_name("WORD"));
}

}  // namespace goferctl
