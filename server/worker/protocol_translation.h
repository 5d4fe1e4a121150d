// Translations between goferd's words and ours: options, states, reasons,
// levels.

#ifndef GOFER_SERVER_WORKER_PROTOCOL_TRANSLATION_H_
#define GOFER_SERVER_WORKER_PROTOCOL_TRANSLATION_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "goferd/worker/v1/bootstrap.pb.h"
#include "goferd/worker/v1/connection.pb.h"
#include "goferd/worker/v1/server.pb.h"
#include "server/hostfs/host_options.h"
#include "server/lisafs/connection_state.h"
#include "server/lisafs/end_reason.h"
#include "server/lisafs/options.h"
#include "server/worker/failure.h"

namespace gofer::worker {

// What a connection may do, in our words.
struct TranslatedOptions {
  lisafs::ConnectionOptions connection;
  hostfs::HostOptions host;
};

// `server` says whether OpenAt works on deleted files, where the level does
// not. Failures: MALFORMED for an unspecified or unknown enum, a limit of 0,
// and a message size out of range.
FailureOr<TranslatedOptions> ToConnectionOptions(
    const goferd::worker::v1::ConnectionOptions& options,
    const goferd::worker::v1::ServerOptions& server);

// Translates the other way, for connections that goferd did not ask for.
goferd::worker::v1::ConnectionOptions FromConnectionOptions(
    const lisafs::ConnectionOptions& options, const hostfs::HostOptions& host);

lisafs::ServerOptions ToServerOptions(
    const goferd::worker::v1::ServerOptions& options);

goferd::worker::v1::ConnectionState FromState(lisafs::ConnectionState state);

goferd::worker::v1::EndReason FromEndReason(lisafs::EndReason reason);
// Nothing for a reason that a StopConnection may not give.
std::optional<lisafs::EndReason> ToStopReason(
    goferd::worker::v1::EndReason reason);
std::optional<lisafs::StopMode> ToStopMode(
    goferd::worker::v1::StopConnection::Mode mode);

// The word for base::SetLogLevel; nothing for a level that is not known.
std::optional<absl::string_view> ToLogLevel(goferd::worker::v1::LogLevel level);

// Adds the ids of the messages that the stock handlers serve.
void AddSupportedMids(goferd::worker::v1::BootstrapResult& result);

// Whether all limits are in their ranges, and the end of an error that names
// these ranges.
bool AreSane(const goferd::worker::v1::ServerLimits& limits);
inline constexpr char kLimitBounds[] =
    ": max_connections has to be at least 1, and max_fds at least 64";

// INCOMPATIBLE, with the versions of both sides.
Failure IncompatibleFailure(const goferd::worker::v1::Party& goferd);

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_PROTOCOL_TRANSLATION_H_
