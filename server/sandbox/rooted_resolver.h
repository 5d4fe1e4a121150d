// RootedResolver: finds and makes files in a tree whose owner is hostile.

#ifndef GOFER_SERVER_SANDBOX_ROOTED_RESOLVER_H_
#define GOFER_SERVER_SANDBOX_ROOTED_RESOLVER_H_

#include <sys/types.h>

#include <string>

#include "absl/strings/string_view.h"
#include "server/base/errno.h"
#include "server/base/unique_fd.h"

namespace gofer::sandbox {

// What to create for components that are missing.
struct Missing {
  enum class Last { kDirectory, kFile };
  Last last;
  // The mode of all that is created, masked by the process's umask.
  mode_t mode;
};

struct RootedPath {
  // O_PATH, in the uppermost mount where several lie on top of each other.
  base::UniqueFd fd;
  // Absolute in the tree, without symlinks: "/data", "/" for the root.
  std::string text;
};

// Resolves paths as the kernel does for a process whose root is the tree: an
// absolute symlink starts at the root again, `..` ends there. The kernel itself
// follows no symlink: each component is opened on its own, so that nothing
// leads out of the tree, even if someone changes it meanwhile. Mounts are
// crossed. Not thread-safe.
class RootedResolver {
 public:
  static constexpr int kMostSymlinks = 255;

  // Borrows `root`, a directory, which must outlive the resolver.
  explicit RootedResolver(int root) : root_(root) {}

  // Finds the file at `path`, which is absolute or relative to the root.
  // Missing components are created, also where a dangling symlink leads. An
  // existing file may be of any type. Errors: ENOENT for "", EINVAL for a zero
  // byte, ENOTDIR, ELOOP for too many symlinks or a tree that changes too
  // often, ENAMETOOLONG, and those of open(2) and mkdir(2).
  base::ErrnoOr<RootedPath> Resolve(absl::string_view path,
                                    const Missing& missing) const;

 private:
  const int root_;
};

}  // namespace gofer::sandbox

#endif  // GOFER_SERVER_SANDBOX_ROOTED_RESOLVER_H_
