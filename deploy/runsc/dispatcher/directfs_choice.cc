#include "deploy/runsc/dispatcher/directfs_choice.h"

#include <optional>
#include <string_view>
#include <utility>

#include "deploy/runsc/dispatcher/container_spec.h"
#include "deploy/runsc/dispatcher/sandbox_search.h"

namespace gofer::dispatcher {
namespace {

constexpr std::string_view kFlag = "directfs";
constexpr std::string_view kOn = "on";
constexpr std::string_view kOff = "off";
constexpr std::string_view kNever = "never";
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

bool IsOff(const HelperCall& call) { return call.GlobalFlag(kFlag) == kFalse; }

bool IsOff(const InstalledPaths& installed) {
  return installed.directfs == kOff || installed.directfs == kNever;
}

// For a container with a sandbox of its own.
bool IsOff(const InstalledPaths& installed, const ContainerSpec& spec) {
  return spec.directfs ? *spec.directfs == kOff : IsOff(installed);
}

// Why gVisor's own annotations do not do, where somebody relies on directfs
// being off; empty when they do.
std::string CheckOverride(const InstalledPaths& installed,
                          const ContainerSpec& spec) {
  if (spec.override_annotation.empty()) {
    return "";
  }
  if (installed.directfs == kNever) {
    return "annotation " + spec.override_annotation +
           " may switch directfs on, which this installation of runsc does not "
           "allow (--directfs=never)";
  }
  if (spec.directfs == kOff) {
    return "annotation " + spec.override_annotation +
           " may switch directfs on, and " + kDirectfsAnnotation +
           " says \"off\": remove one of them";
  }
  return "";
}

// Why the annotation does not do; empty when it does.
std::string CheckValue(const InstalledPaths& installed,
                       const ContainerSpec& spec) {
  if (spec.directfs == kOn && installed.directfs == kNever) {
    return std::string("annotation ") + kDirectfsAnnotation +
           " is \"on\", and this installation of runsc allows no directfs "
           "(--directfs=never)";
  }
  if (!spec.directfs || *spec.directfs == kOn || *spec.directfs == kOff) {
    return "";
  }
  return std::string("annotation ") + kDirectfsAnnotation + " is \"" +
         *spec.directfs + "\", which is neither \"on\" nor \"off\"";
}

}  // namespace

std::string ApplyDirectfs(const InstalledPaths& installed, HelperCall& call,
                          const std::string& proc) {
  const ContainerSpec spec = ReadContainerSpec(call);
  if (!spec.error.empty()) {
    return spec.error;
  }
  if (std::string error = CheckValue(installed, spec); !error.empty()) {
    return error;
  }
  if (!Lists(installed.runsc_traits, kFlag)) {
    return "";
  }
  if (std::string error = CheckOverride(installed, spec); !error.empty()) {
    return error;
  }
  if (!spec.sandbox.empty()) {
    const auto sandbox = FindSandbox(
        spec.sandbox, std::string(call.GlobalFlag("root").value_or("")), proc);
    if (sandbox && IsOff(*sandbox) && !IsOff(call)) {
      return "the sandbox " + spec.sandbox +
             " runs with --directfs=false, and runsc joins it without that "
             "flag";
    }
    return "";
  }
  if (IsOff(installed, spec)) {
    call.SetGlobalFlag(kFlag, kFalse);
  }
  return "";
}

namespace {

// A sandbox that is not found most likely is as the installation says.
bool IsOffIn(const std::optional<HelperCall>& sandbox,
             const InstalledPaths& installed) {
  return sandbox ? IsOff(*sandbox) : IsOff(installed);
}

DirectfsChoice ChooseForBundle(const InstalledPaths& installed,
                               const RunscCall& call, const std::string& proc) {
  // Why a spec cannot be read is runsc's to say.
  const ContainerSpec spec = ReadBundle(std::string(call.bundle));
  if (std::string error = CheckValue(installed, spec); !error.empty()) {
    return {false, std::move(error)};
  }
  if (!Lists(installed.runsc_traits, kFlag)) {
    return {};
  }
  if (std::string error = CheckOverride(installed, spec); !error.empty()) {
    return {false, std::move(error)};
  }
  if (!spec.sandbox.empty()) {
    const auto sandbox = FindSandbox(spec.sandbox, call.root, proc);
    return {IsOffIn(sandbox, installed), ""};
  }
  return {IsOff(installed, spec), ""};
}

bool IsOffInStarted(const InstalledPaths& installed, const RunscCall& call,
                    const std::string& proc) {
  const std::string id = FindSandboxOf(std::string(call.container), call.root);
  const auto sandbox = FindSandbox(id, call.root, proc);
  return IsOffIn(sandbox, installed);
}

}  // namespace

DirectfsChoice ChooseDirectfs(const InstalledPaths& installed,
                              const RunscCall& call, const std::string& proc) {
  const bool knows = Lists(installed.runsc_traits, kFlag);
  DirectfsChoice choice;
  if (call.command == "create" || call.command == "run" ||
      call.command == "restore") {
    choice = ChooseForBundle(installed, call, proc);
  } else if (knows && call.command == "start") {
    choice.off = IsOffInStarted(installed, call, proc);
  } else {
    choice.off = IsOff(installed);
  }
  choice.off = choice.off && knows;
  return choice;
}

}  // namespace gofer::dispatcher
