// SplitResponse: cuts a long list into parts, each of which a socket takes at
// once.

#ifndef GOFER_SERVER_WORKER_RESPONSE_PARTS_H_
#define GOFER_SERVER_WORKER_RESPONSE_PARTS_H_

#include <cstddef>
#include <vector>

#include "goferd/worker/v1/frame.pb.h"

namespace gofer::worker {

// Returns parts of about `part_bytes` each; all but the last have `more`. The
// first part has what is in no list. A longer element is a part by itself.
std::vector<goferd::worker::v1::Response> SplitResponse(
    goferd::worker::v1::Response whole, size_t part_bytes);

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_RESPONSE_PARTS_H_
