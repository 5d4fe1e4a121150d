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
  std::string type;         // Of the file system; empty if the line ends early.
};

// In the kernel's order: a mount comes after the one it is on. Lines that make
// no sense are left out.
std::vector<MountInfo> ParseMountInfo(absl::string_view text);

// The content of the borrowed `fd`, a mountinfo file or another one, from its
// beginning. Errors: those of pread(2).
ErrnoOr<std::string> ReadMountInfo(int fd);

}  // namespace gofer::base

#endif  // GOFER_SERVER_BASE_MOUNT_INFO_H_
