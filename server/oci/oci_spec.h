// OciSpec: what a gofer needs of a container's OCI configuration.

#ifndef GOFER_SERVER_OCI_OCI_SPEC_H_
#define GOFER_SERVER_OCI_OCI_SPEC_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"

namespace gofer::oci {

// Successive ids of a mount: `container_id` and on are those that the file
// system has, and `host_id` and on are what the mount shows in their place.
struct OciIdMapping {
  uint32_t container_id = 0;
  uint32_t host_id = 0;
  uint32_t size = 0;

  friend bool operator==(const OciIdMapping&, const OciIdMapping&) = default;
};

struct OciMount {
  std::string destination = {};
  std::string type = {};
  std::string source = {};  // Absolute, unless empty.
  std::vector<std::string> options = {};
  std::vector<OciIdMapping> uid_mappings = {};
  std::vector<OciIdMapping> gid_mappings = {};

  // Whether it is a bind mount of the host, which a gofer serves. Source:
  // gVisor runsc/specutils/specutils.go, Dec 2022.
  bool IsBind() const;
  // Whether it is an EROFS image. runsc counts these with the bind mounts since
  // January 2026. Source: gVisor runsc/specutils/specutils.go, Aug 2026.
  bool IsErofs() const { return type == "erofs"; }
  // Whether its owners appear mapped: with both lists, as in gVisor. Source:
  // likewise.
  bool IsIdMapped() const {
    return !uid_mappings.empty() && !gid_mappings.empty();
  }
  // Whether its options say so. The last of contradicting options counts.
  bool IsReadonly() const;
};

// A program of the host that runs while the container is made.
struct OciHook {
  std::string path;  // Absolute.
  std::vector<std::string> args = {};
  // Absent: the environment of the process that runs the hook.
  std::optional<std::vector<std::string>> env = {};
  std::optional<uint32_t> timeout_seconds = {};
};

// A container's configuration. Relative paths have been made absolute against
// the bundle.
struct OciSpec {
  std::string root;
  bool root_readonly = false;
  std::string cwd;
  std::string rootfs_propagation;  // linux.rootfsPropagation
  std::vector<OciMount> mounts;
  std::map<std::string, std::string> annotations;
  std::string version;                    // ociVersion
  std::vector<std::string> device_paths;  // linux.devices[].path
  std::vector<OciHook> create_container_hooks;
};

struct SpecError {
  std::string text;  // One line without a newline.
};

// `text` is config.json; `bundle` is the directory it came from. Fields that
// are not used here are not checked.
std::variant<OciSpec, SpecError> ParseOciSpec(absl::string_view text,
                                              absl::string_view bundle);

}  // namespace gofer::oci

#endif  // GOFER_SERVER_OCI_OCI_SPEC_H_
