// ListenServer: lets clients attach by connecting to a path.

#ifndef GOFERD_CONTROLPLANE_HANDOFF_LISTEN_SERVER_H_
#define GOFERD_CONTROLPLANE_HANDOFF_LISTEN_SERVER_H_

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

// Serves ATTACH_MODE_LISTEN: each of the supervisor's tickets of that mode has
// a socket, which accepts the peer that the ticket is for, once. The accepted
// end becomes the gofer's. Other peers are closed at once, and at most 16 in
// each pause, so that a flood of them costs the loop little.
//
// The loop's thread accepts and claims; the gofers are asked on threads of the
// server's own. Nothing is read from a client: its bytes are for the gofer.
class ListenServer {
 public:
  struct Limits {
    // Sockets at once; each needs a descriptor. 0 stands for half of the
    // descriptors that the process may have, so that the rest of goferd has
    // some.
    size_t sockets = 0;
    // How long a socket accepts nobody after it has refused clients.
    absl::Duration pause = absl::Milliseconds(10);
    // How many clients are being attached at once, but for those whose gofers
    // are slow.
    size_t threads = 4;
  };

  // Becomes the ConnectionSockets of `attachments`. When it returns, pending
  // paths of an earlier run are open again if their gofers are known. The
  // caller has the attach socket of `config`; `loop`, `attachments` and `audit`
  // outlive the server. Errors: those of ListenDirectory::Open.
  static absl::StatusOr<std::unique_ptr<ListenServer>> Start(
      const config::v1::AttachConfig& config, event_loop::EventLoop& loop,
      supervisor::Attachments& attachments, auth::AuditLog& audit,
      const Limits& limits);
  // Accepts no more clients, and waits for clients that are being attached. The
  // paths stay for the next goferd; until then nobody listens there. Must not
  // run on the loop's thread, which it waits for.
  ~ListenServer();
  ListenServer(const ListenServer&) = delete;
  ListenServer& operator=(const ListenServer&) = delete;

 private:
  class Core;
  ListenServer(supervisor::Attachments& attachments, std::shared_ptr<Core> core)
      : attachments_(attachments), core_(std::move(core)) {}

  supervisor::Attachments& attachments_;
  std::shared_ptr<Core> core_;
};

}  // namespace goferd::handoff

#endif  // GOFERD_CONTROLPLANE_HANDOFF_LISTEN_SERVER_H_
