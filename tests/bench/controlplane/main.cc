// controlplane_bench: what the control plane costs. README.md of tests/bench.
//
// Ends with 1 when something does not work, and with --check also when a figure
// misses its limit.

#include <CLI/CLI.hpp>
#include <filesystem>
#include <string>
#include <utility>

#include "tests/bench/controlplane/figures.h"

int main(int argc, char** argv) {
  using namespace goferd::bench;  // NOLINT: all of it.
  CLI::App app("Measures goferd with real gofers and clients.");
  Programs programs;
  bool quick = false;
  bool check = false;
  std::string only;
  app.add_option("--goferd", programs.goferd, "The daemon")
      ->required()
      ->check(CLI::ExistingFile);
  app.add_option("--gofer", programs.gofer, "The gofer")
      ->required()
      ->check(CLI::ExistingFile);
  app.add_flag("--quick", quick, "Only to see that it works");
  app.add_flag("--check", check, "Hold the figures against their limits");
  app.add_option("--only", only,
                 "One of count, start, create, servers, crash, overrides");
  CLI11_PARSE(app, argc, argv);
  programs.gofer = std::filesystem::absolute(programs.gofer);
  const Effort effort = quick ? Effort::Quick() : Effort();
  bool hold = true;
  for (const auto& [name, measure] :
       {std::pair("count", &MeasureCount), std::pair("start", &MeasureStart),
        std::pair("create", &MeasureCreate),
        std::pair("servers", &MeasureManyServers),
        std::pair("crash", &MeasureCrash),
        std::pair("overrides", &MeasureOverrides)}) {
    if (!only.empty() && only != name) continue;
    for (const Figure& figure : measure(programs, effort)) {
      Print(figure);
      hold = hold && figure.Holds();
    }
  }
  return check && !hold ? 1 : 0;
}
