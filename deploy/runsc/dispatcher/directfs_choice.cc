#include "deploy/runsc/dispatcher/directfs_choice.h"

#include <optional>
#include <string_view>

#include "deploy/runsc/dispatcher/container_spec.h"
#include "deploy/runsc/dispatcher/sandbox_search.h"

namespace gofer::dispatcher {
namespace {

constexpr std::string_view kFlag = "directfs";
constexpr std::string_view kOn = "on";
constexpr std::string_view kOff = "off";
constexpr std::string_view kFalse = "false";

bool Lists(std::string_view list, std::string_view name) {
  while (!list.empty()) {
    const auto end = list.find(',');
    if (list.substr(0, end) == name) {
      return true;
    }
    list.remove_prefix(end == list.npos ? list.size() : end + 1);
  }
  return false;
}

bool IsOffInSandbox(const HelperCall& sandbox) {
  return sandbox.GlobalFlag(kFlag) == kFalse;
}

}  // namespace

std::string ApplyDirectfs(const InstalledPaths& installed, HelperCall& call,
                          const std::string& proc) {
  const ContainerSpec spec = ReadContainerSpec(call);
  if (!spec.error.empty()) {
    return spec.error;
  }
  if (spec.directfs && *spec.directfs != kOn && *spec.directfs != kOff) {
    return std::string("annotation ") + kDirectfsAnnotation + " is \"" +
           *spec.directfs + "\", which is neither \"on\" nor \"off\"";
  }
  if (!Lists(installed.runsc_flags, kFlag)) {
    return "";
  }
  bool off = spec.directfs.value_or(installed.directfs) == kOff;
  if (!spec.sandbox.empty()) {
    if (const auto sandbox = FindSandbox(spec.sandbox, call, proc)) {
      off = IsOffInSandbox(*sandbox);
    }
  }
  if (off) {
    call.SetGlobalFlag(kFlag, kFalse);
  }
  return "";
}

}  // namespace gofer::dispatcher
