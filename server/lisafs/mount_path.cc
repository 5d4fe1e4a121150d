#include "server/lisafs/mount_path.h"

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "server/base/safe_name.h"

namespace gofer::lisafs {

std::vector<absl::string_view> PathComponents(absl::string_view clean_path) {
  return absl::StrSplit(clean_path, '/', absl::SkipEmpty());
}

base::ErrnoOr<std::string> CleanMountPath(absl::string_view path) {
  if (path.empty() || path.front() != '/' || !base::HasNoNul(path)) {
    return base::Errno(EINVAL);
  }
  std::vector<absl::string_view> clean;
  for (const absl::string_view component : PathComponents(path)) {
    if (component == ".") continue;
    if (component == "..") {
      if (!clean.empty()) clean.pop_back();
    } else {
      clean.push_back(component);
    }
  }
  return "/" + absl::StrJoin(clean, "/");
}

}  // namespace gofer::lisafs
