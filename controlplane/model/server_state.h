// What a server's state lets callers do.

#ifndef GOFERD_CONTROLPLANE_MODEL_SERVER_STATE_H_
#define GOFERD_CONTROLPLANE_MODEL_SERVER_STATE_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "controlplane/model/model.h"
#include "goferd/worker/v1/bootstrap.pb.h"

namespace goferd::model {

namespace admin = goferd::admin::v1;

// OK when a gofer runs and can be asked, ACTIVE or DRAINING; otherwise
// STARTING, also for a gofer that will be started again, SERVER_STOPPING,
// SERVER_STOPPED or GOFER_UNREACHABLE.
absl::Status CheckServing(const ServerRecord& server);
// GOFER_CAPABILITY_MISSING.
absl::Status CheckCan(const ServerRecord& server,
                      worker::v1::Capability capability);
// GOFER_UNREACHABLE.
absl::Status Unreachable(const ServerRecord& server);
// ETAG_MISMATCH.
absl::Status EtagMismatch(absl::string_view name, absl::string_view present);

// Whether a server may go from one state to the other; see server.proto.
bool MayFollow(admin::Server::State from, admin::Server::State to);

// Marks a server as being changed, for as long as it lives.
class Mutation {
 public:
  // Errors: SERVER_NOT_FOUND, ETAG_MISMATCH, OPERATION_PENDING.
  static absl::StatusOr<Mutation> Begin(const ModelLock& lock, Model& model,
                                        absl::string_view id,
                                        absl::string_view etag);
  Mutation(Mutation&& other) noexcept
      : model_(other.model_), server_(std::move(other.server_)) {}
  Mutation& operator=(Mutation&&) = delete;
  // Takes the model's lock: it must not go where that is held.
  ~Mutation();

  const ServerPtr& server() const { return server_; }

 private:
  Mutation(Model& model, ServerPtr server)
      : model_(model), server_(std::move(server)) {}

  Model& model_;
  ServerPtr server_;
};

}  // namespace goferd::model

#endif  // GOFERD_CONTROLPLANE_MODEL_SERVER_STATE_H_
