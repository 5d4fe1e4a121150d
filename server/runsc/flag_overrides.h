// FlagOverrides: flags of runsc that a container's spec sets.

#ifndef GOFER_SERVER_RUNSC_FLAG_OVERRIDES_H_
#define GOFER_SERVER_RUNSC_FLAG_OVERRIDES_H_

#include <map>
#include <string>

#include "server/oci/oci_spec.h"

namespace gofer::runsc {

// The spec's annotations that set a flag of runsc: name without the prefix
// dev.gvisor.flag., and value.
std::map<std::string, std::string> FlagOverrides(const oci::OciSpec& spec);

}  // namespace gofer::runsc

#endif  // GOFER_SERVER_RUNSC_FLAG_OVERRIDES_H_
