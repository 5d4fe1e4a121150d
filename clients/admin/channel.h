// MakeChannel: a gRPC channel as goferd expects its clients to make them.

#ifndef GOFERD_CLIENTS_ADMIN_CHANNEL_H_
#define GOFERD_CLIENTS_ADMIN_CHANNEL_H_

#include <memory>

#include "absl/status/statusor.h"
#include "clients/admin/endpoint.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace goferd::client {

// The channel connects when it is first used, and again whenever the connection
// is lost. Keepalive is every 60 s, as goferd allows; messages of up to 16 MiB
// are taken. gRPC does not repeat calls: CallRepeatedly does. Errors:
// NOT_FOUND, PERMISSION_DENIED and so on for a TLS file that cannot be read.
absl::StatusOr<std::shared_ptr<grpc::Channel>> MakeChannel(
    const Endpoint& endpoint);

}  // namespace goferd::client

#endif  // GOFERD_CLIENTS_ADMIN_CHANNEL_H_
