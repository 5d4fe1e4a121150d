// Directories and files that nobody else may change, by descriptor.

#ifndef GOFERD_CONTROLPLANE_STATE_PRIVATE_DIRECTORY_H_
#define GOFERD_CONTROLPLANE_STATE_PRIVATE_DIRECTORY_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/base/errno.h"
#include "server/base/unique_fd.h"

namespace goferd::state {

// Opens the directory `name` below the borrowed `parent` (AT_FDCWD and a path
// are fine), and makes it, 0700, if it is missing. Errors: EPERM when it
// belongs to another user, or other users may write to it; ELOOP and ENOTDIR
// when `name` is no directory.
gofer::base::ErrnoOr<gofer::base::UniqueFd> OpenPrivateDirectory(
    int parent, const std::string& name);

// Replaces the file `name` in `directory`, wholly or not at all.
gofer::base::ErrnoOr<void> ReplaceFile(int directory, const std::string& name,
                                       absl::string_view bytes);
// Reads a file. Errors: EFBIG when it has more than `most` bytes.
gofer::base::ErrnoOr<std::string> ReadFile(int directory,
                                           const std::string& name,
                                           size_t most);

// The names in `directory`, without "." and "..", in order; `most` at most.
std::vector<std::string> NamesIn(int directory, size_t most);

// Opens an existing directory, or reads a file, that only we may have written.
// Errors: EPERM when it belongs to another user, or other users may write to
// it; ENOTDIR, EISDIR, EINVAL when `name` is something else.
gofer::base::ErrnoOr<gofer::base::UniqueFd> OpenOwnDirectory(
    int parent, const std::string& name);
gofer::base::ErrnoOr<std::string> ReadOwnFile(int directory,
                                              const std::string& name,
                                              size_t most);

// Removes `name` below `parent`, whatever it is, with all that is in it. What
// is gone is no error.
gofer::base::ErrnoOr<void> RemoveAll(int parent, const std::string& name);

}  // namespace goferd::state

#endif  // GOFERD_CONTROLPLANE_STATE_PRIVATE_DIRECTORY_H_
