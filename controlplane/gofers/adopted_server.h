// What is known of a server whose gofer others have started.

#ifndef GOFERD_CONTROLPLANE_GOFERS_ADOPTED_SERVER_H_
#define GOFERD_CONTROLPLANE_GOFERS_ADOPTED_SERVER_H_

#include "controlplane/model/server_record.h"
#include "goferd/worker/v1/bootstrap.pb.h"

namespace goferd::gofers {

// Nothing was written down of it: what its gofer says is all there is, and it
// is never started again. `result` has passed CheckAdoptResult.
void DescribeAdoptedServer(const worker::v1::AdoptResult& result,
                           model::ServerRecord& record);

// The limits that its gofer says are in force, for a server whose own file
// cannot be read: without limits it could take no connection. No more of them
// is believed than any gofer may have. Nothing else that the gofer says is
// taken.
void TakeLimits(const worker::v1::AdoptResult& result,
                model::ServerRecord& record);

}  // namespace goferd::gofers

#endif  // GOFERD_CONTROLPLANE_GOFERS_ADOPTED_SERVER_H_
