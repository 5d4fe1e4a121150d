// DirectfsHints: mounts that annotations take out of directfs.

#ifndef GOFER_SERVER_RUNSC_DIRECTFS_HINTS_H_
#define GOFER_SERVER_RUNSC_DIRECTFS_HINTS_H_

#include <set>
#include <string>

#include "server/oci/oci_spec.h"

namespace gofer::runsc {

// With directfs, the mounts whose files the sandbox asks its gofer for all the
// same; it wants no descriptor of them.
struct DirectfsHints {
  bool root = false;
  std::set<std::string> sources = {};  // As the spec writes them.
};

// Reads dev.gvisor.spec.rootfs.directfs=off and, for the mount of a source,
// dev.gvisor.spec.mount.NAME.directfs=off; both count only beside the
// annotations that name the mount. The sandbox has the hints about mounts from
// the spec of its first container, so those of a container that joins it are
// left alone: a sandbox that wants a descriptor must get one. Source: gVisor
// runsc/boot/mount_hints.go, May 2026.
DirectfsHints ReadDirectfsHints(const oci::OciSpec& spec);

}  // namespace gofer::runsc

#endif  // GOFER_SERVER_RUNSC_DIRECTFS_HINTS_H_
