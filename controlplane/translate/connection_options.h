// A connection's options: filled in with defaults, and translated for the
// gofer.

#ifndef GOFERD_CONTROLPLANE_TRANSLATE_CONNECTION_OPTIONS_H_
#define GOFERD_CONTROLPLANE_TRANSLATE_CONNECTION_OPTIONS_H_

#include <string>
#include <vector>

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

// An option that was asked for and is above the server's maximum.
struct ExceededOption {
  std::string field;
  // What to ask for at most.
  std::string most;
};

// Lowers `options`, which are complete, to the server's maxima. An option that
// `asked` sets is left as it is, and returned when it is above.
std::vector<ExceededOption> LimitOptions(const admin::ConnectionOptions& asked,
                                         const admin::ConnectionOptions& maxima,
                                         admin::ConnectionOptions& options);

// `options` must be complete.
worker::v1::ConnectionOptions ToWorker(const admin::ConnectionOptions& options);
admin::ConnectionOptions ToAdmin(const worker::v1::ConnectionOptions& options);

// Whether a client with these options may have its mount point's FD; what is
// known of a connection before its gofer says more.
admin::Connection::MountFd FirstMountFd(
    const admin::ConnectionOptions& options);

}  // namespace goferd::translate

#endif  // GOFERD_CONTROLPLANE_TRANSLATE_CONNECTION_OPTIONS_H_
