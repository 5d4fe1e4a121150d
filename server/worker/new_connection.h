// MakeConnection: checks and prepares a connection that goferd asks for.

#ifndef GOFER_SERVER_WORKER_NEW_CONNECTION_H_
#define GOFER_SERVER_WORKER_NEW_CONNECTION_H_

#include "goferd/worker/v1/connection.pb.h"
#include "server/lisafs/server.h"
#include "server/worker/connection_book.h"
#include "server/worker/failure.h"
#include "server/worker/gofer_facts.h"

namespace gofer::worker {

// Makes the connection that `request` asks for and adds it to `connections`.
// StartConnection in goferd/worker/v1/connection.proto lists the failures.
FailureOr<goferd::worker::v1::Connection> MakeConnection(
    const goferd::worker::v1::StartConnection& request, const GoferFacts& facts,
    lisafs::Server& server, ConnectionBook& connections);

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_NEW_CONNECTION_H_
