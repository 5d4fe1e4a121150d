// HostAbilities: the abilities of gofers that not every host allows.

#ifndef GOFERD_CONTROLPLANE_PROCESS_HOST_ABILITIES_H_
#define GOFERD_CONTROLPLANE_PROCESS_HOST_ABILITIES_H_

#include <google/protobuf/repeated_ptr_field.h>

#include <string>
#include <vector>

namespace goferd::process {

// Returns names of DaemonInfo.capabilities: "id-map" if at least one file
// system of `allowed` can map ids, and "oci-bundle". They are tried with copies
// of mounts that are mounted nowhere, so that nothing stays. Our result holds
// for gofers, which have our privileges.
std::vector<std::string> HostAbilities(
    const google::protobuf::RepeatedPtrField<std::string>& allowed);

}  // namespace goferd::process

#endif  // GOFERD_CONTROLPLANE_PROCESS_HOST_ABILITIES_H_
