#ifndef DEPLOY_RUNSC_DISPATCHER_INSTALLED_PATHS_H_
#define DEPLOY_RUNSC_DISPATCHER_INSTALLED_PATHS_H_

#include <cstddef>

namespace gofer::dispatcher {

// The programs that the dispatcher may become. They are part of its binary, so
// that neither an environment nor a second file can name others; only who may
// write the binary may change them. `install-runsc` finds the slot by its magic
// and fills it in.
//
// The layout is known to install-runsc: ten fields of kSlotField bytes, each
// ended and filled by NUL.
inline constexpr std::size_t kSlotField = 1024;

struct InstalledPaths {
  const char* gofer;          // what serves the files
  const char* runsc;          // as it came
  const char* patched_runsc;  // the copy that starts this dispatcher
  const char* state_dir;      // of goferd; may be empty
  const char* runsc_traits;   // what this runsc does, "directfs,..."
  const char* directfs;       // "on", "off" or "never"
  const char* front;          // not empty: a user calls this as runsc
};

// Parameters: none. The pointers live as long as the process; all are
// empty strings in a binary that was not installed. Thread-safe.
InstalledPaths ReadInstalledPaths();

}  // namespace gofer::dispatcher

#endif  // DEPLOY_RUNSC_DISPATCHER_INSTALLED_PATHS_H_
