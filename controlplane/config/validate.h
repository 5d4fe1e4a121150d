// Validate: finds the faults of a configuration.

#ifndef GOFERD_CONTROLPLANE_CONFIG_VALIDATE_H_
#define GOFERD_CONTROLPLANE_CONFIG_VALIDATE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "goferd/config/v1/config.pb.h"

namespace goferd::config {

struct Violation {
  // The path of the field, such as "listeners[0].tcp.address".
  std::string field;
  // Says what is wrong, and what to do.
  std::string text;
};

// Finds all faults of `config`, whose defaults are filled in. Looks at the
// values alone: no file or socket is opened.
std::vector<Violation> FindViolations(const v1::DaemonConfig& config);

// Returns OK, or INVALID_ARGUMENT with a line for each violation.
absl::Status Validate(const v1::DaemonConfig& config);

}  // namespace goferd::config

#endif  // GOFERD_CONTROLPLANE_CONFIG_VALIDATE_H_
