// FillDefaults: a configuration in which nothing is left open.

#ifndef GOFERD_CONTROLPLANE_CONFIG_DEFAULTS_H_
#define GOFERD_CONTROLPLANE_CONFIG_DEFAULTS_H_

#include <sys/types.h>

#include <string>

#include "goferd/config/v1/config.pb.h"

namespace goferd::config {

// What defaults depend on.
struct Environment {
  std::string host_name;
  // The directory of goferd's own executable.
  std::string executable_directory;
  // $XDG_RUNTIME_DIR; may be empty.
  std::string runtime_directory;
  uid_t uid = 0;

  // That of this process.
  static Environment OfThisProcess();
};

// Gives every absent or zero field its default, as config.proto says; options
// of connections stay as they are, the supervisor completes them for each one.
// Not the root user: the state directory is `goferd` in the runtime directory;
// without one it stays empty, which Validate refuses.
void FillDefaults(const Environment& environment, v1::DaemonConfig& config);

}  // namespace goferd::config

#endif  // GOFERD_CONTROLPLANE_CONFIG_DEFAULTS_H_
