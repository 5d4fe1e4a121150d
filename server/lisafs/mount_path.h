// CleanMountPath: the lexical cleaning of a connection's mount path.

#ifndef GOFER_SERVER_LISAFS_MOUNT_PATH_H_
#define GOFER_SERVER_LISAFS_MOUNT_PATH_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/base/errno.h"

namespace gofer::lisafs {

// Removes empty and "." components and resolves "..", which stays at the root.
// "/" for the root, no trailing slash otherwise. EINVAL when `path` is not
// absolute or holds a NUL.
base::ErrnoOr<std::string> CleanMountPath(absl::string_view path);

// The components of a clean path; none for "/". They point into `clean_path`.
std::vector<absl::string_view> PathComponents(absl::string_view clean_path);

}  // namespace gofer::lisafs

#endif  // GOFER_SERVER_LISAFS_MOUNT_PATH_H_
