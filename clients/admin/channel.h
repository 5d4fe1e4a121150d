// MakeChannel: a gRPC channel as goferd expects its clients to make them.

#ifndef GOFERD_CLIENTS_ADMIN_CHANNEL_H_
#define GOFERD_CLIENTS_ADMIN_CHANNEL_H_

#include <memory>

#include "absl/status/statusor.h"
#include "clients/admin/endpoint.h"
#include "grpcpp/channel.h"

namespace goferd::client {

// Connects when it is first used, and again whenever that is lost. Keepalive
// every 60 s, as goferd allows; messages of up to 16 MiB are taken. Calls are
// not repeated by gRPC: see Call. Errors: NOT_FOUND, PERMISSION_DENIED and so
// on for a TLS file that cannot be read.
absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(
    const Endpoint& endpoint);

}  // namespace goferd::client

#endif  // GOFERD_CLIENTS_ADMIN_CHANNEL_H_
