// View of Stats.

#ifndef GOFERD_CLIENTS_GOFERCTL_STATS_VIEW_H_
#define GOFERD_CLIENTS_GOFERCTL_STATS_VIEW_H_

#include <string>

#include "clients/goferctl/output.h"
#include "goferd/admin/v1/stats.pb.h"

namespace goferctl {

// One row with what the server or connection holds; below it the messages and
// the connections that hold the most FDs.
const View<goferd::admin::v1::Stats>& StatsView();

// The bound of the bucket in which the `percent`-th percentile lies: "<2ms",
// ">1s" for the last bucket, empty without a request.
std::string Percentile(
    const goferd::admin::v1::LatencyHistogram& histogram,
    const google::protobuf::RepeatedField<int64_t>& bounds_ns, int percent);

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_STATS_VIEW_H_
