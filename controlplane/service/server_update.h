// ServerUpdate: what an UpdateServerRequest changes.

#ifndef GOFERD_CONTROLPLANE_SERVICE_SERVER_UPDATE_H_
#define GOFERD_CONTROLPLANE_SERVICE_SERVER_UPDATE_H_

#include <google/protobuf/descriptor.h>

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "controlplane/errors/error.h"
#include "goferd/admin/v1/server.pb.h"
#include "goferd/admin/v1/server_service.pb.h"
#include "goferd/config/v1/config.pb.h"

namespace goferd::service {

namespace admin = goferd::admin::v1;

// Used by one thread, and not longer than the request and the configuration
// that it was made of.
class ServerUpdate {
 public:
  // Reads the mask: paths that cannot be changed are violations, and so are
  // values out of range of those that can.
  ServerUpdate(errors::FieldViolations& violations,
               const admin::UpdateServerRequest& request,
               const config::v1::DaemonConfig& config);

  // Changes `server`, as it is now. Fields of the mask that are not set get
  // their defaults. Errors: FIELD_INVALID when, without a mask, an immutable
  // field is set to something else than it is.
  absl::Status Apply(admin::Server& server) const;

 private:
  using Field = google::protobuf::FieldDescriptor;

  void ReadPath(errors::FieldViolations& violations, absl::string_view path);
  void TakeWhatIsSet();
  absl::Status CheckImmutable(const admin::Server& server) const;

  const admin::Server& wanted_;
  const config::v1::DaemonConfig& config_;
  const bool has_mask_;
  // Of the server, of its limits, of its default options.
  std::vector<const Field*> fields_;
  std::vector<const Field*> limits_;
  std::vector<const Field*> options_;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_SERVER_UPDATE_H_
