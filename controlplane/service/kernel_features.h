// KernelFeatures: which of the features that goferd uses the kernel has.

#ifndef GOFERD_CONTROLPLANE_SERVICE_KERNEL_FEATURES_H_
#define GOFERD_CONTROLPLANE_SERVICE_KERNEL_FEATURES_H_

#include <string>
#include <vector>

namespace goferd::service {

// Returns names of DaemonInfo.kernel_features, in their order. Asks the kernel
// by calls without an effect; a feature that a system call filter forbids
// counts as missing.
std::vector<std::string> KernelFeatures();

// The kernel's release, by uname().
std::string KernelRelease();

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_KERNEL_FEATURES_H_
