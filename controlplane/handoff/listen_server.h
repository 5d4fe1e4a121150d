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

// Serves ATTACH_MODE_LISTEN: the supervisor's tickets of that mode have a
// socket each, which accepts whom the ticket is for, once. The accepted end
// becomes the gofer's. Others are closed at once, and at most 16 in each pause:
// a flood of them costs the loop little.
//
// The loop's thread accepts and claims; the gofers are asked on threads of its
// own. Nothing is read from a client: what it sends is the gofer's.
class ListenServer {
 public:
  struct Limits {
    // Sockets at once, which have a descriptor each. 0: half of what the
    // process may have, so that the rest of goferd always has some.
    size_t sockets = 0;
    // After clients that were refused.
    absl::Duration pause = absl::Milliseconds(10);
    // Clients that are attached at once.
    size_t threads = 4;
  };

  // Becomes the ConnectionSockets of `attachments`. Pending paths of an earlier
  // run are open again when it returns, as far as their gofers are known. The
  // caller has the attach socket of `config`; `loop`, `attachments` and `audit`
  // outlive the server. Errors: those of ListenDirectory::Open.
  static absl::StatusOr<std::unique_ptr<ListenServer>> Start(
      const config::v1::AttachConfig& config, event_loop::EventLoop& loop,
      supervisor::Attachments& attachments, auth::AuditLog& audit,
      const Limits& limits);
  // Accepts no more clients, and waits for those that are being attached. The
  // paths stay for the next goferd; until then nobody listens there. Not on the
  // loop's thread.
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
