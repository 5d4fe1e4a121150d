// ResolveRoot: from a path that an administrator names to a directory, or file,
// that may be served.

#ifndef GOFERD_CONTROLPLANE_TREE_ALLOWED_ROOTS_H_
#define GOFERD_CONTROLPLANE_TREE_ALLOWED_ROOTS_H_

#include <google/protobuf/repeated_ptr_field.h>

#include <string>

#include "absl/status/statusor.h"
#include "server/base/unique_fd.h"

namespace goferd::tree {

struct ResolvedRoot {
  // O_PATH.
  gofer::base::UniqueFd fd;
  // Without symbolic links, as the kernel says it.
  std::string path;
};

// Opens the absolute `path`, which must lie under one of `allowed`. What is
// below an allowed root may be a symbolic link only to what is below it, too.
// Errors: PATH_NOT_ABSOLUTE, PATH_NOT_ALLOWED, PATH_NOT_FOUND,
// ROOT_NOT_DIRECTORY, HOST_PERMISSION, FD_LIMIT.
absl::StatusOr<ResolvedRoot> ResolveRoot(
    const std::string& path,
    const google::protobuf::RepeatedPtrField<std::string>& allowed);

// The same for what need not be a directory.
absl::StatusOr<ResolvedRoot> ResolveFile(
    const std::string& path,
    const google::protobuf::RepeatedPtrField<std::string>& allowed);

}  // namespace goferd::tree

#endif  // GOFERD_CONTROLPLANE_TREE_ALLOWED_ROOTS_H_
