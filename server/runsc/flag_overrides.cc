#include "server/runsc/flag_overrides.h"

#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace gofer::runsc {
namespace {

constexpr absl::string_view kFlagPrefix = "dev.gvisor.flag.";

}  // namespace

std::map<std::string, std::string> FlagOverrides(const oci::OciSpec& spec) {
  std::map<std::string, std::string> overrides;
  for (const auto& [name, value] : spec.annotations) {
    absl::string_view flag = name;
    if (absl::ConsumePrefix(&flag, kFlagPrefix)) {
      overrides.emplace(std::string(flag), value);
    }
  }
  return overrides;
}

}  // namespace gofer::runsc
