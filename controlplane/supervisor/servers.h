// Servers: the servers of this node.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_SERVERS_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_SERVERS_H_

#include <cstdint>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controlplane/supervisor/effect.h"
#include "goferd/state/v1/state.pb.h"

namespace goferd::admin::v1 {
class Server;
}  // namespace goferd::admin::v1

namespace goferd::supervisor {

namespace admin = goferd::admin::v1;

enum class Force { kNo, kYes };

// The servers, as admin messages with names. Calls that ask a gofer wait for
// it, at most for the control timeout. What goes wrong is a status of
// errors::Error. No request is checked here that can be checked without knowing
// the servers: that is the service's. Thread-safe.
class Servers {
 public:
  virtual ~Servers() = default;

  // `spec` has its fields checked, and defaults and ttl are still to be filled
  // in. Resolves the root under the allowed roots, starts the gofer and waits
  // until it serves. A repetition of the `request` that made the server is
  // answered with the server. Errors: those of ServerService.CreateServer.
  virtual absl::StatusOr<admin::Server> Create(
      absl::string_view id, const admin::Server& spec, Effect effect,
      const state::v1::RequestKey& request) = 0;
  virtual absl::StatusOr<admin::Server> Get(absl::string_view id) const = 0;
  // Calls `visit` with each server whose id is behind `after`, in order, until
  // it returns false. `visit` must not call goferd's operations: it runs under
  // the model's lock. Returns the revision that belongs to this moment.
  virtual int64_t Visit(
      absl::string_view after,
      absl::FunctionRef<bool(const admin::Server&)> visit) const = 0;
  // `change` turns the present resource into the wanted one: labels, limits,
  // default options, expiration; it must not call goferd's operations. Errors:
  // ESCAPED_BY_CONNECTIONS, with Escapes::kRefuse.
  virtual absl::StatusOr<admin::Server> Update(
      absl::string_view id, absl::string_view etag, Effect effect,
      Escapes escapes,
      absl::FunctionRef<absl::Status(admin::Server&)> change) = 0;
  virtual absl::Status Delete(absl::string_view id, absl::string_view etag,
                              Force force, Effect effect) = 0;
  // Errors: ESCAPED_BY_CONNECTIONS, with Escapes::kRefuse.
  virtual absl::StatusOr<admin::Server> SetDraining(absl::string_view id,
                                                    absl::string_view etag,
                                                    bool draining,
                                                    Effect effect,
                                                    Escapes escapes) = 0;
};

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_SERVERS_H_
