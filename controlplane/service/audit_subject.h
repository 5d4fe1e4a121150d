// AuditSubject: the resource of a request, for its audit record and its lane.

#ifndef GOFERD_CONTROLPLANE_SERVICE_AUDIT_SUBJECT_H_
#define GOFERD_CONTROLPLANE_SERVICE_AUDIT_SUBJECT_H_

#include <google/protobuf/message.h>

#include <string>

namespace goferd::service {

struct AuditSubject {
  // The name of the resource. For several resources: the first names, and how
  // many more there are, or the parent's name.
  std::string resource;
  std::string request_id;
  bool validate_only = false;
};

// Reads the fields that requests of the same kind share: `name`, `parent` with
// an id, both also in the messages of a repeated field, `server.name`,
// `request_id`, `validate_only`. A field that the request does not have is
// empty. Nothing is checked: the texts are the caller's.
AuditSubject SubjectOf(const google::protobuf::Message& request);

// The id of the server that `request` is about, by the same fields; empty when
// it is about none, or about several. Nothing is checked.
std::string ServerOf(const google::protobuf::Message& request);

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_AUDIT_SUBJECT_H_
