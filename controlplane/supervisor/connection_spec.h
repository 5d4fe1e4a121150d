// ConnectionSpec, StartedConnection: what starting a connection takes and
// gives.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_CONNECTION_SPEC_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_CONNECTION_SPEC_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "goferd/admin/v1/connection.pb.h"
#include "goferd/admin/v1/connection_service.pb.h"
#include "goferd/state/v1/state.pb.h"

namespace goferd::supervisor {

namespace admin = goferd::admin::v1;

// What Connections::Start is asked for. Checked by the caller but for what only
// the server knows.
struct ConnectionSpec {
  std::string server_id;
  std::string connection_id;
  // Absolute and lexically clean.
  std::string mount_path;
  // Unset fields are the server's defaults.
  admin::ConnectionOptions options;
  // Where the options are in the request, for errors.
  std::string options_field = "options";
  admin::AttachMode attach_mode = admin::ATTACH_MODE_TAKE;
  std::optional<admin::Peer> expected_peer;
  // Zero: the daemon's default.
  absl::Duration ticket_ttl;
  std::vector<std::pair<std::string, std::string>> labels;
  // The request that asks for it; empty when the request has no request_id.
  state::v1::RequestKey request;
};

struct StartedConnection {
  admin::Connection connection;
  std::optional<admin::AttachTicket> ticket;
};

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_CONNECTION_SPEC_H_
