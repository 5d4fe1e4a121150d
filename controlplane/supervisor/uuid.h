// NewUuid: names for things that must never be confused.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_UUID_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_UUID_H_

#include <string>

namespace goferd::supervisor {

// A random UUID (version 4), in lower case.
std::string NewUuid();

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_UUID_H_
