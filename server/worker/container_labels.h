// ContainerLabels: what a container's engine calls it, for labels in goferd.

#ifndef GOFER_SERVER_WORKER_CONTAINER_LABELS_H_
#define GOFER_SERVER_WORKER_CONTAINER_LABELS_H_

#include <map>
#include <string>

#include "absl/strings/string_view.h"
#include "server/oci/oci_spec.h"

namespace gofer::worker {

// Returns the labels `pod`, `namespace` and `container` from the annotations of
// containerd, CRI-O, podman or the kubelet, and `bundle`. What no engine says
// is left out. Annotations are the user's: a label is one line of UTF-8 without
// control characters, and of a text longer than a label's 63 bytes it is "..."
// and the end.
std::map<std::string, std::string> ContainerLabels(const oci::OciSpec& spec,
                                                   absl::string_view bundle);

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_CONTAINER_LABELS_H_
