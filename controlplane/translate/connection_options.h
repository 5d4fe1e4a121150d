// A connection's options: filled in with defaults, and translated for the
// gofer.

#ifndef GOFERD_CONTROLPLANE_TRANSLATE_CONNECTION_OPTIONS_H_
#define GOFERD_CONTROLPLANE_TRANSLATE_CONNECTION_OPTIONS_H_

#include "goferd/admin/v1/connection.pb.h"
#include "goferd/admin/v1/connection_options.pb.h"
#include "goferd/worker/v1/connection.pb.h"

namespace goferd::translate {

namespace admin = goferd::admin::v1;

// Fills in fields that `options` leaves out from `defaults`, and fields that
// both leave out from the API's own defaults. `max_fds` is the server's limit,
// at least 1: the default of a connection does not exceed it.
admin::ConnectionOptions CompleteOptions(
    const admin::ConnectionOptions& options,
    const admin::ConnectionOptions& defaults, int32_t max_fds);

// Does the same for a server's defaults. A field that depends on each
// connection's level (character_devices) or on the server's limits (max_fds)
// stays open unless one of the two sets it.
admin::ConnectionOptions CompleteDefaults(
    const admin::ConnectionOptions& options,
    const admin::ConnectionOptions& defaults);

// `options` must be complete.
worker::v1::ConnectionOptions ToWorker(const admin::ConnectionOptions& options);
admin::ConnectionOptions ToAdmin(const worker::v1::ConnectionOptions& options);

// Whether a client with these options may have its mount point's FD; what is
// known of a connection before its gofer says more.
admin::Connection::MountFd FirstMountFd(
    const admin::ConnectionOptions& options);

}  // namespace goferd::translate

#endif  // GOFERD_CONTROLPLANE_TRANSLATE_CONNECTION_OPTIONS_H_
