// FillDefaults: makes a configuration in which every field is set.

#ifndef GOFERD_CONTROLPLANE_CONFIG_DEFAULTS_H_
#define GOFERD_CONTROLPLANE_CONFIG_DEFAULTS_H_

#include <sys/types.h>

#include <string>

#include "goferd/config/v1/config.pb.h"

namespace goferd::config {

// The facts on which defaults depend.
struct Environment {
  std::string host_name;
  // The directory of goferd's own executable.
  std::string executable_directory;
  // $XDG_RUNTIME_DIR; may be empty.
  std::string runtime_directory;
  uid_t uid = 0;

  // The environment of this process.
  static Environment OfThisProcess();
};

// Gives every absent or zero field its default, as config.proto says. Options
// of connections stay as they are: the supervisor completes them for each
// connection. For other users than root the state directory is `goferd` in the
// runtime directory; without one it stays empty, which Validate refuses.
void FillDefaults(const Environment& environment, v1::DaemonConfig& config);

}  // namespace goferd::config

#endif  // GOFERD_CONTROLPLANE_CONFIG_DEFAULTS_H_
