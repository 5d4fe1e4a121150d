// A gofer's counters and requests in flight, translated for the admin API.

#ifndef GOFERD_CONTROLPLANE_TRANSLATE_STATS_TRANSLATION_H_
#define GOFERD_CONTROLPLANE_TRANSLATE_STATS_TRANSLATION_H_

#include "goferd/admin/v1/daemon_service.pb.h"
#include "goferd/admin/v1/stats.pb.h"
#include "goferd/worker/v1/stats.pb.h"

namespace goferd::translate {

namespace admin = goferd::admin::v1;

// Fills in all fields but name, uid, start time and FD limit, which the gofer
// does not know.
admin::Stats ToAdmin(const worker::v1::Stats& stats);

// Fills in all fields but the names of the connection and the rule. `now` ages
// the request.
admin::InflightRpc ToAdmin(const worker::v1::InflightRequest& request);

}  // namespace goferd::translate

#endif  // GOFERD_CONTROLPLANE_TRANSLATE_STATS_TRANSLATION_H_
