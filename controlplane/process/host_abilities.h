// HostAbilities: what gofers can do here, of what not every host lets them.

#ifndef GOFERD_CONTROLPLANE_PROCESS_HOST_ABILITIES_H_
#define GOFERD_CONTROLPLANE_PROCESS_HOST_ABILITIES_H_

#include <google/protobuf/repeated_ptr_field.h>

#include <string>
#include <vector>

namespace goferd::process {

// As DaemonInfo.capabilities names them: "id-map" if the file system of one of
// `allowed` can at least, "oci-bundle". Tried with copies of mounts that are
// mounted nowhere; nothing of it stays. A gofer has our privileges.
std::vector<std::string> HostAbilities(
    const google::protobuf::RepeatedPtrField<std::string>& allowed);

}  // namespace goferd::process

#endif  // GOFERD_CONTROLPLANE_PROCESS_HOST_ABILITIES_H_
