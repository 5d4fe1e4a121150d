// ToJson: an OCI mount in the form in which runsc reads and writes mounts.

#ifndef GOFER_SERVER_RUNSC_MOUNT_JSON_H_
#define GOFER_SERVER_RUNSC_MOUNT_JSON_H_

#include <nlohmann/json_fwd.hpp>

#include "server/oci/oci_spec.h"

namespace gofer::runsc {

// The members are in the order of the OCI specification's Go types, which
// readers may expect; members without a value are left out.
nlohmann::ordered_json ToJson(const oci::OciMount& mount);

}  // namespace gofer::runsc

#endif  // GOFER_SERVER_RUNSC_MOUNT_JSON_H_
