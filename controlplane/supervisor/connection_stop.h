// StopConnectionsLater: ends connections without waiting for their gofer.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_CONNECTION_STOP_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_CONNECTION_STOP_H_

#include <memory>
#include <string>
#include <vector>

#include "controlplane/link/gofer_link.h"
#include "controlplane/link/task_pool.h"
#include "goferd/worker/v1/connection.pb.h"

namespace goferd::supervisor {

// Asks a gofer, if `link` is not null, on a thread of the pool.
void StopConnectionsLater(link::TaskPool& pool,
                          std::shared_ptr<link::GoferLink> link,
                          std::vector<std::string> uids,
                          worker::v1::EndReason reason);

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_CONNECTION_STOP_H_
