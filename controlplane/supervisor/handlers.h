// Handlers: the handler tables of servers.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_HANDLERS_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_HANDLERS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controlplane/supervisor/effect.h"

namespace goferd::admin::v1 {
class Handler;
class HandlerAssignment;
// NOLINTNEXTLINE(readability-identifier-naming): protoc names it so.
enum ResetHandlersRequest_Scope : int;
class ResetHandlersResponse;
class SetHandlersResponse;
}  // namespace goferd::admin::v1

namespace goferd::supervisor {

namespace admin = goferd::admin::v1;

// The rows, as admin messages with names. See Servers about waiting and errors.
// Thread-safe.
class Handlers {
 public:
  virtual ~Handlers() = default;

  virtual absl::StatusOr<std::vector<admin::Handler>> List(
      absl::string_view server_id) = 0;
  virtual absl::StatusOr<admin::SetHandlersResponse> Set(
      absl::string_view server_id, absl::string_view etag,
      const std::vector<admin::HandlerAssignment>& assignments, Effect effect,
      Escapes escapes) = 0;
  virtual absl::StatusOr<admin::ResetHandlersResponse> Reset(
      absl::string_view server_id, absl::string_view etag,
      admin::ResetHandlersRequest_Scope scope, Effect effect) = 0;
};

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_HANDLERS_H_
