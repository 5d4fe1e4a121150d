// KernelFeatures: what the kernel has of what goferd uses.

#ifndef GOFERD_CONTROLPLANE_SERVICE_KERNEL_FEATURES_H_
#define GOFERD_CONTROLPLANE_SERVICE_KERNEL_FEATURES_H_

#include <string>
#include <vector>

namespace goferd::service {

// The names of DaemonInfo.kernel_features, in their order. Asks the kernel by
// calls without an effect; what a system call filter forbids counts as missing.
std::vector<std::string> KernelFeatures();

// As uname() says it.
std::string KernelRelease();

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_KERNEL_FEATURES_H_
