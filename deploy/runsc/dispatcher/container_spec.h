#ifndef DEPLOY_RUNSC_DISPATCHER_CONTAINER_SPEC_H_
#define DEPLOY_RUNSC_DISPATCHER_CONTAINER_SPEC_H_

#include <cstddef>
#include <optional>
#include <string>

#include "deploy/runsc/dispatcher/helper_call.h"

namespace gofer::dispatcher {

inline constexpr char kDirectfsAnnotation[] = "dev.goferd.directfs";
// A spec of more bytes is refused; its annotations are not passed over.
inline constexpr std::size_t kLargestSpec = std::size_t{16} << 20;

// What the annotations of a container's spec say to the dispatcher.
struct ContainerSpec {
  std::optional<std::string> directfs;  // the value as it was written
  // The annotation of gVisor's own that may switch directfs on whatever the
  // command line says: dev.gvisor.flag.directfs, with a runsc that obeys it, or
  // a bundle of flags; empty when there is none.
  std::string override_annotation;
  std::string sandbox;  // that the container joins; empty: it has its own
  std::string error;    // why the spec could not be read; else empty
};

// Reads the spec that a helper is given: by --spec-fd, whose offset stays as it
// is because the helper reads from there, else in the folder of --bundle. A
// call with neither has an empty spec, and so has one whose folder holds none:
// the helper will say so. A spec that names no annotation of interest is not
// parsed, so that it depends on its readers only.
ContainerSpec ReadContainerSpec(const HelperCall& call);

// The same of the spec in a bundle's folder.
ContainerSpec ReadBundle(const std::string& bundle);

// The same of a spec's text.
ContainerSpec ParseContainerSpec(const std::string& text);

}  // namespace gofer::dispatcher

#endif  // DEPLOY_RUNSC_DISPATCHER_CONTAINER_SPEC_H_
