// ServerUpdate: the changes that an UpdateServerRequest asks for.

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

// Used by one thread. The request and the configuration outlive it.
class ServerUpdate {
 public:
  // Reads the mask. Paths of fields that cannot be changed are violations, and
  // so are values that are out of range.
  ServerUpdate(errors::FieldViolations& violations,
               const admin::UpdateServerRequest& request,
               const config::v1::DaemonConfig& config);

  // Changes `server`, which has its present values. Fields of the mask that are
  // not set get their defaults. Errors: FIELD_INVALID when, without a mask or
  // with "*", an immutable field is set to another value than the present one.
  absl::Status Apply(admin::Server& server) const;

 private:
  using Field = google::protobuf::FieldDescriptor;

  void ReadPath(errors::FieldViolations& violations, absl::string_view path);
  void TakeWhatIsSet();
  void TakeAll();
  absl::Status CheckLabels(const admin::Server& server) const;
  absl::Status CheckImmutable(const admin::Server& server) const;

  const admin::Server& wanted_;
  const config::v1::DaemonConfig& config_;
  const bool has_mask_;
  // The mask has "*".
  bool takes_all_ = false;
  // The fields to change in the server, in its limits, and in the default
  // options and the maxima of its connections.
  std::vector<const Field*> fields_;
  std::vector<const Field*> limits_;
  std::vector<const Field*> options_;
  std::vector<const Field*> maxima_;
  // Single labels to change, by their keys.
  std::vector<std::string> labels_;
};

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_SERVER_UPDATE_H_
