// AuditSubject: what a request is about, as audit records say it.

#ifndef GOFERD_CONTROLPLANE_SERVICE_AUDIT_SUBJECT_H_
#define GOFERD_CONTROLPLANE_SERVICE_AUDIT_SUBJECT_H_

#include <google/protobuf/message.h>

#include <string>

namespace goferd::service {

struct AuditSubject {
  // The name of the resource; the first names of several, and how many more;
  // or their parent's.
  std::string resource;
  std::string request_id;
  bool validate_only = false;
};

// Read from the fields that requests of the same kind share: `name`, `parent`
// with an id, the same in the messages of a repeated field, `server.name`,
// `request_id`, `validate_only`. What is not there
// is empty. As the caller wrote it: nothing is checked.
AuditSubject SubjectOf(const google::protobuf::Message& request);

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_AUDIT_SUBJECT_H_
