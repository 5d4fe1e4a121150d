// MountsReply: the answer that runsc waits for, the spec's mounts as its
// sandbox is to see them.

#ifndef GOFER_SERVER_RUNSC_MOUNTS_REPLY_H_
#define GOFER_SERVER_RUNSC_MOUNTS_REPLY_H_

#include <string>
#include <vector>

#include "server/oci/oci_spec.h"

namespace gofer::runsc {

// A JSON array of OCI mounts, without a newline. Bytes that are not UTF-8 come
// out as U+FFFD. Source: gVisor runsc/cmd/gofer.go, Dec 2022.
std::string MountsReply(const std::vector<oci::OciMount>& mounts);

}  // namespace gofer::runsc

#endif  // GOFER_SERVER_RUNSC_MOUNTS_REPLY_H_
