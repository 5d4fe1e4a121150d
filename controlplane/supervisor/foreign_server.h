// What is known of a server whose gofer others have started.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_FOREIGN_SERVER_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_FOREIGN_SERVER_H_

#include "controlplane/supervisor/server_record.h"
#include "goferd/worker/v1/bootstrap.pb.h"

namespace goferd::supervisor {

// Nothing was written down of it: what its gofer says is all there is, and it
// is never started again. `result` has passed CheckAdoptResult.
void DescribeForeign(const worker::v1::AdoptResult& result,
                     ServerRecord& record);

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_FOREIGN_SERVER_H_
