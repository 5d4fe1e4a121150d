// OciSpec: what a gofer needs of a container's OCI configuration.

#ifndef GOFER_SERVER_OCI_OCI_SPEC_H_
#define GOFER_SERVER_OCI_OCI_SPEC_H_

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"

namespace gofer::oci {

struct OciMount {
  std::string destination = {};
  std::string type = {};
  std::string source = {};  // Absolute, unless empty.
  std::vector<std::string> options = {};

  // Whether it is a bind mount of the host, which a gofer serves. Source:
  // gVisor runsc/specutils/specutils.go, Dec 2022.
  bool IsBind() const;
  // Whether its options say so. The last of contradicting options counts.
  bool IsReadonly() const;
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
  // Whether there are createContainer hooks, programs that runsc of 2026 lets
  // its gofer run.
  bool has_create_container_hooks = false;
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
