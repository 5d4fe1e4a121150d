// CannotMapIds: whether mounts of a file system can have a map of ids.

#ifndef GOFER_TESTS_SUPPORT_ID_MAPPING_H_
#define GOFER_TESTS_SUPPORT_ID_MAPPING_H_

#include <cerrno>
#include <string>

#include "server/sandbox/detached_mount.h"
#include "server/sandbox/id_map_namespace.h"

namespace gofer::test {

// True only when the kernel has no mapped mounts, or the file system of the
// directory allows none. Tries it with a map that is sound, so that a test
// whose own map is refused fails and is not skipped. Needs root.
inline bool CannotMapIds(const std::string& directory) {
  const auto copy = sandbox::DetachedMount::Clone(directory.c_str(), false);
  if (!copy.ok()) return copy.error() == base::Errno(ENOSYS);
  const auto map = sandbox::MakeIdMapNamespace(
      {.users = {{1000, 0, 1}}, .groups = {{1000, 0, 1}}});
  if (!map.ok()) return false;
  const auto mapped = copy->MapIds(map->get(), false);
  return !mapped.ok() && (mapped.error() == base::Errno(EINVAL) ||
                          mapped.error() == base::Errno(ENOSYS));
}

}  // namespace gofer::test

#endif  // GOFER_TESTS_SUPPORT_ID_MAPPING_H_
