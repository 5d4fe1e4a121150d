// ResolveRoot: opens the directory or file that an administrator names, if it
// may be served.

#ifndef GOFERD_CONTROLPLANE_TREE_ALLOWED_ROOTS_H_
#define GOFERD_CONTROLPLANE_TREE_ALLOWED_ROOTS_H_

#include <google/protobuf/repeated_ptr_field.h>

#include <string>

#include "absl/status/statusor.h"
#include "server/base/unique_fd.h"

namespace goferd::tree {

struct ResolvedRoot {
  // Opened with O_PATH.
  gofer::base::UniqueFd fd;
  // The path without symbolic links, as the kernel gives it.
  std::string path;
};

// Whether symbolic links below an allowed root are followed. Somebody who may
// write there, such as one tenant of several, chooses with a link what is
// served.
enum class SymbolicLinks { kRefuse, kFollow };

// Opens the absolute `path`, which must lie under one of `allowed`. A symbolic
// link that is followed must not lead out of its allowed root. Errors:
// PATH_NOT_ABSOLUTE, PATH_NOT_ALLOWED, PATH_NOT_FOUND, ROOT_NOT_DIRECTORY,
// HOST_PERMISSION, FD_LIMIT.
absl::StatusOr<ResolvedRoot> ResolveRoot(
    const std::string& path,
    const google::protobuf::RepeatedPtrField<std::string>& allowed,
    SymbolicLinks links);

// Does the same for a file that need not be a directory.
absl::StatusOr<ResolvedRoot> ResolveFile(
    const std::string& path,
    const google::protobuf::RepeatedPtrField<std::string>& allowed,
    SymbolicLinks links);

}  // namespace goferd::tree

#endif  // GOFERD_CONTROLPLANE_TREE_ALLOWED_ROOTS_H_
