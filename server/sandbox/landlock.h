// LandlockRules: a second wall around the served files, in case a descriptor or
// a name leads out of the mount namespace.

#ifndef GOFER_SERVER_SANDBOX_LANDLOCK_H_
#define GOFER_SERVER_SANDBOX_LANDLOCK_H_

#include <utility>

#include "server/base/errno.h"
#include "server/base/unique_fd.h"

namespace gofer::sandbox {

// The version of Landlock that the kernel has; 0 when it has none, or it is
// switched off.
int LandlockAbi();

// The first version under which files can move between directories.
constexpr int kFirstLandlockAbi = 2;

// Collects the files that stay accessible. Not thread-safe.
class LandlockRules {
 public:
  // Errors: those of landlock_create_ruleset(2).
  static base::ErrnoOr<LandlockRules> Create();

  // Keeps the file at `path`, and all files below it, accessible. Errors: those
  // of open(2).
  base::ErrnoOr<void> Allow(const char* path);

  // Forbids the calling thread, and those it starts, to open, make, move or
  // remove any other file, to execute any file at all, and to change mounts.
  // Errors: EPERM without no_new_privs or CAP_SYS_ADMIN.
  base::ErrnoOr<void> Enforce() const;

 private:
  explicit LandlockRules(base::UniqueFd rules) : rules_(std::move(rules)) {}

  base::UniqueFd rules_;
};

}  // namespace gofer::sandbox

#endif  // GOFER_SERVER_SANDBOX_LANDLOCK_H_
