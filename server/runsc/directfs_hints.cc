#include "server/runsc/directfs_hints.h"

#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"

namespace gofer::runsc {
namespace {

constexpr absl::string_view kMountPrefix = "dev.gvisor.spec.mount.";
constexpr absl::string_view kRootPrefix = "dev.gvisor.spec.rootfs.";
constexpr const char* kTypes[] = {"io.kubernetes.cri.container-type",
                                  "io.kubernetes.cri-o.ContainerType"};

// What the annotations say of one mount, by the last part of their names.
using Hint = std::map<absl::string_view, absl::string_view>;

bool Says(const Hint& hint, absl::string_view key, absl::string_view value) {
  const auto found = hint.find(key);
  return found != hint.end() && found->second == value;
}

bool IsRoot(const Hint& hint) {
  const auto source = hint.find("source");
  return source != hint.end() && !source->second.empty() &&
         (Says(hint, "type", "bind") || Says(hint, "type", "erofs"));
}

bool IsMount(const Hint& hint) {
  return Says(hint, "type", "bind") &&
         (Says(hint, "share", "container") || Says(hint, "share", "pod") ||
          Says(hint, "share", "shared"));
}

// The first engine that says a type decides, as it does for runsc.
bool JoinsASandbox(const oci::OciSpec& spec) {
  for (const char* const type : kTypes) {
    const auto found = spec.annotations.find(type);
    if (found != spec.annotations.end()) return found->second == "container";
  }
  return false;
}

}  // namespace

DirectfsHints ReadDirectfsHints(const oci::OciSpec& spec) {
  Hint root;
  std::map<absl::string_view, Hint> mounts;
  for (const auto& [name, value] : spec.annotations) {
    absl::string_view rest = name;
    if (absl::ConsumePrefix(&rest, kRootPrefix)) {
      root[rest] = value;
    } else if (absl::ConsumePrefix(&rest, kMountPrefix)) {
      const std::vector<absl::string_view> parts = absl::StrSplit(rest, '.');
      if (parts.size() == 2) mounts[parts[0]][parts[1]] = value;
    }
  }
  DirectfsHints hints;
  hints.root = IsRoot(root) && Says(root, "directfs", "off");
  if (JoinsASandbox(spec)) return hints;
  for (const auto& [name, hint] : mounts) {
    const auto source = hint.find("source");
    if (source != hint.end() && !source->second.empty() && IsMount(hint) &&
        Says(hint, "directfs", "off")) {
      hints.sources.emplace(source->second);
    }
  }
  return hints;
}

}  // namespace gofer::runsc
