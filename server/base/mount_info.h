// ReadMountInfo: the mounts of a namespace, as the kernel lists them.

#ifndef GOFER_SERVER_BASE_MOUNT_INFO_H_
#define GOFER_SERVER_BASE_MOUNT_INFO_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/base/errno.h"

namespace gofer::base {

// One line of mountinfo; proc(5).
struct MountInfo {
  uint64_t id = 0;
  uint64_t parent = 0;
  std::string mount_point;  // As seen from the reader's root, unescaped.
  std::string type;         // The file system's; empty if the line ends early.
};

// Parses the text of a mountinfo file. The kernel's order is kept: a mount
// comes after the mount that it lies on. Lines that cannot be parsed are left
// out.
std::vector<MountInfo> ParseMountInfo(absl::string_view text);

// Reads the borrowed `fd`, a mountinfo file or any other file, from its
// beginning. Errors: those of pread(2).
ErrnoOr<std::string> ReadMountInfo(int fd);

}  // namespace gofer::base

#endif  // GOFER_SERVER_BASE_MOUNT_INFO_H_
