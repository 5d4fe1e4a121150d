#include "controlplane/service/audit_subject.h"

#include <google/protobuf/descriptor.h>

#include "absl/strings/str_cat.h"

namespace goferd::service {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

const FieldDescriptor* Find(const Message& message, const char* name,
                            FieldDescriptor::CppType type) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  return field != nullptr && field->cpp_type() == type && !field->is_repeated()
             ? field
             : nullptr;
}

std::string Text(const Message& message, const char* name) {
  const FieldDescriptor* field =
      Find(message, name, FieldDescriptor::CPPTYPE_STRING);
  return field == nullptr ? ""
                          : message.GetReflection()->GetString(message, field);
}

// The name that a request to make something gives it.
std::string MadeName(const Message& request) {
  const std::string server = Text(request, "server_id");
  if (!server.empty()) return absl::StrCat("servers/", server);
  const std::string parent = Text(request, "parent");
  const std::string connection = Text(request, "connection_id");
  if (!connection.empty()) {
    return absl::StrCat(parent, "/connections/", connection);
  }
  const std::string rule = Text(request, "handler_rule_id");
  if (!rule.empty()) return absl::StrCat(parent, "/handlerRules/", rule);
  return parent;
}

std::string ResourceOf(const Message& request) {
  const std::string name = Text(request, "name");
  if (!name.empty()) return name;
  const std::string made = MadeName(request);
  if (!made.empty()) return made;
  const FieldDescriptor* server =
      Find(request, "server", FieldDescriptor::CPPTYPE_MESSAGE);
  if (server == nullptr) return "";
  return Text(request.GetReflection()->GetMessage(request, server), "name");
}

}  // namespace

AuditSubject SubjectOf(const Message& request) {
  AuditSubject subject;
  subject.resource = ResourceOf(request);
  subject.request_id = Text(request, "request_id");
  const FieldDescriptor* validate_only =
      Find(request, "validate_only", FieldDescriptor::CPPTYPE_BOOL);
  subject.validate_only =
      validate_only != nullptr &&
      request.GetReflection()->GetBool(request, validate_only);
  return subject;
}

}  // namespace goferd::service
