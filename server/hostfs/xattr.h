// Extended attributes of a file given by an O_PATH descriptor, which the
// f*xattr system calls refuse.

#ifndef GOFER_SERVER_HOSTFS_XATTR_H_
#define GOFER_SERVER_HOSTFS_XATTR_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "server/base/errno.h"
#include "server/hostfs/proc_self_fd.h"

namespace gofer::hostfs {

// `fd` is borrowed; the attributes of a symlink are the link's own. Errors:
// those of the system call, among them ERANGE for names over 255 bytes. Names
// are not filtered: the kernel refuses attributes that the process may not
// touch.

// `size`: the longest value wanted in bytes; 0 and more than 65535, which is
// what the wire can carry, mean 65535. Errors: ERANGE for a longer value.
base::ErrnoOr<std::string> GetXattr(const ProcSelfFd& proc_self_fd, int fd,
                                    absl::string_view name, uint64_t size);
// `flags`: XATTR_CREATE, XATTR_REPLACE.
base::ErrnoOr<void> SetXattr(const ProcSelfFd& proc_self_fd, int fd,
                             absl::string_view name, absl::string_view value,
                             uint32_t flags);
// Each name ends with a NUL. `size`: as for GetXattr, with 65536.
base::ErrnoOr<std::string> ListXattr(const ProcSelfFd& proc_self_fd, int fd,
                                     uint64_t size);
base::ErrnoOr<void> RemoveXattr(const ProcSelfFd& proc_self_fd, int fd,
                                absl::string_view name);

}  // namespace gofer::hostfs

#endif  // GOFER_SERVER_HOSTFS_XATTR_H_
