// What a gofer's death means for its server.

#ifndef GOFERD_CONTROLPLANE_GOFERS_SERVER_FAILURE_H_
#define GOFERD_CONTROLPLANE_GOFERS_SERVER_FAILURE_H_

#include <string>

#include "controlplane/model/model.h"
#include "controlplane/process/gofer_process.h"
#include "goferd/admin/v1/server.pb.h"

namespace goferd::gofers {

namespace admin = goferd::admin::v1;

// "signal 9", "exit code 3": for people.
std::string DescribeExit(const process::GoferExit& end);

// Why a server fails whose gofer ended so.
admin::ServerFailure FailureOf(const process::GoferExit& end);

// Why a server fails whose files cannot be read.
admin::ServerFailure DamageOf(const model::ServerRecord& server);

// The server is FAILED from now on, with `failure`, which gets the present time
// unless it has one.
void MarkFailed(const model::ModelLock& lock, model::Model& model,
                model::ServerRecord& server, admin::ServerFailure failure);

}  // namespace goferd::gofers

#endif  // GOFERD_CONTROLPLANE_GOFERS_SERVER_FAILURE_H_
