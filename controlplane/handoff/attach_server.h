// AttachServer: exchanges tickets for sockets.

#ifndef GOFERD_CONTROLPLANE_HANDOFF_ATTACH_SERVER_H_
#define GOFERD_CONTROLPLANE_HANDOFF_ATTACH_SERVER_H_

#include <cstddef>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controlplane/auth/audit.h"
#include "controlplane/event_loop/event_loop.h"
#include "controlplane/supervisor/attachments.h"
#include "goferd/config/v1/config.pb.h"

namespace goferd::handoff {

// Serves the attach socket: one request and one answer for each client, see
// attach_record.h. Clients are not trusted: they are bounded in number and
// time, and their bytes are neither kept nor logged.
//
// Closing a descriptor that a client chose may block for ever. So the loop's
// thread only accepts and polls; each client's request is received, answered
// and closed on a thread of its own. Such a thread may be lost, and the
// client's place with it.
class AttachServer {
 public:
  struct Limits {
    // Clients that are served at once.
    size_t clients = 64;
    // Clients of one user at once.
    size_t clients_of_user = 16;
    // Further clients wait for a place, the users with room first come first
    // served; those beyond are answered by RESOURCE_EXHAUSTED.
    size_t waiting = 512;
    size_t waiting_of_user = 128;
    // How long a client waits for a place before it is refused.
    absl::Duration wait = absl::Seconds(5);
    // How long a client may take to send its request.
    absl::Duration patience = absl::Seconds(5);
    // How long the gofers of one request may be asked, all together.
    absl::Duration order_time = absl::Seconds(10);
  };

  // Listens as `config` says. `loop`, `attachments` and `audit` outlive the
  // server.
  // Errors: those of AttachSocket::Listen.
  static absl::StatusOr<std::unique_ptr<AttachServer>> Start(
      const config::v1::AttachConfig& config, event_loop::EventLoop& loop,
      supervisor::Attachments& attachments, auth::AuditLog& audit,
      const Limits& limits);
  // Takes no more clients, and waits for clients that are being attached, but
  // only a moment for threads that only close. Must not run on the loop's
  // thread, which it waits for.
  ~AttachServer();
  AttachServer(const AttachServer&) = delete;
  AttachServer& operator=(const AttachServer&) = delete;

 private:
  class Core;
  explicit AttachServer(std::shared_ptr<Core> core) : core_(std::move(core)) {}

  std::shared_ptr<Core> core_;
};

}  // namespace goferd::handoff

#endif  // GOFERD_CONTROLPLANE_HANDOFF_ATTACH_SERVER_H_
