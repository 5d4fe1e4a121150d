// StatsOf: counters as goferd is told them.

#ifndef GOFER_SERVER_WORKER_STATS_TRANSLATION_H_
#define GOFER_SERVER_WORKER_STATS_TRANSLATION_H_

#include "absl/strings/string_view.h"
#include "goferd/worker/v1/stats.pb.h"
#include "server/lisafs/connection.h"
#include "server/lisafs/server.h"

namespace gofer::worker {

// The counters of one connection, which may have ended.
goferd::worker::v1::Stats StatsOf(const lisafs::Connection& connection,
                                  absl::string_view uid);

// The sums over the connections of `server`, ended ones included.
goferd::worker::v1::Stats StatsOf(const lisafs::Server& server);

// Adds the requests of `connection` that are in flight for at least
// `min_age_ns`.
void AddInflight(const lisafs::Connection& connection, absl::string_view uid,
                 int64_t min_age_ns, goferd::worker::v1::InflightList& list);

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_STATS_TRANSLATION_H_
