// SplitResponse: long lists in parts, so that each is sent at once.

#ifndef GOFER_SERVER_WORKER_RESPONSE_PARTS_H_
#define GOFER_SERVER_WORKER_RESPONSE_PARTS_H_

#include <cstddef>
#include <vector>

#include "goferd/worker/v1/frame.pb.h"

namespace gofer::worker {

// Parts of about `part_bytes` each, all but the last with `more`. What is in no
// list is in the first. An element that is longer is a part by itself.
std::vector<goferd::worker::v1::Response> SplitResponse(
    goferd::worker::v1::Response whole, size_t part_bytes);

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_RESPONSE_PARTS_H_
