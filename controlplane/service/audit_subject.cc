#include "controlplane/service/audit_subject.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "controlplane/names/resource_name.h"

namespace goferd::service {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// The names of a batch that a record has: its line must not be cut off.
constexpr int kMostNames = 8;
constexpr size_t kMostSubjectBytes = 512;

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

// The name of the resource that `request` is about or makes; empty when it
// names nothing but a parent. A request without a parent has `outer_parent`.
std::string NameIn(const Message& request, absl::string_view outer_parent) {
  const std::string name = Text(request, "name");
  if (!name.empty()) return name;
  const std::string server = Text(request, "server_id");
  if (!server.empty()) return names::FormatServerName(server);
  std::string parent = Text(request, "parent");
  if (parent.empty()) parent = std::string(outer_parent);
  const std::string connection = Text(request, "connection_id");
  if (!connection.empty()) {
    return absl::StrCat(parent, "/connections/", connection);
  }
  const std::string rule = Text(request, "handler_rule_id");
  if (!rule.empty()) return absl::StrCat(parent, "/handlerRules/", rule);
  return "";
}

// The names in the messages of `field`.
std::string NamesIn(const Message& request, const FieldDescriptor* field,
                    absl::string_view parent) {
  const auto* const reflection = request.GetReflection();
  const int count = reflection->FieldSize(request, field);
  std::string names;
  int named = 0;
  for (;
       named < count && named < kMostNames && names.size() < kMostSubjectBytes;
       ++named) {
    const std::string name =
        NameIn(reflection->GetRepeatedMessage(request, field, named), parent);
    if (name.empty()) return "";
    absl::StrAppend(&names, named == 0 ? "" : ", ", name);
  }
  if (named < count) absl::StrAppend(&names, " and ", count - named, " more");
  return names;
}

// The names of all resources of a batch.
std::string NamesOfBatch(const Message& request, absl::string_view parent) {
  const auto* const descriptor = request.GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor* const field = descriptor->field(i);
    if (!field->is_repeated() || field->is_map() ||
        field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      continue;
    }
    std::string names = NamesIn(request, field, parent);
    if (!names.empty()) return names;
  }
  return "";
}

// The name of a `server` that is in the request.
std::string NameOfServerIn(const Message& request) {
  const FieldDescriptor* server =
      Find(request, "server", FieldDescriptor::CPPTYPE_MESSAGE);
  if (server == nullptr) return "";
  return Text(request.GetReflection()->GetMessage(request, server), "name");
}

std::string ResourceOf(const Message& request) {
  const std::string parent = Text(request, "parent");
  const std::string name = NameIn(request, parent);
  if (!name.empty()) return name;
  const std::string names = NamesOfBatch(request, parent);
  if (!names.empty()) return names;
  return parent.empty() ? NameOfServerIn(request) : parent;
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

std::string ServerOf(const Message& request) {
  constexpr absl::string_view kPrefix = "servers/";
  std::string resource = Text(request, "parent");
  if (resource.empty()) resource = NameIn(request, "");
  if (resource.empty()) resource = NameOfServerIn(request);
  if (!absl::StartsWith(resource, kPrefix)) return "";
  const size_t end =
      std::min(resource.find('/', kPrefix.size()), resource.size());
  std::string id = resource.substr(kPrefix.size(), end - kPrefix.size());
  return id == absl::string_view(names::kAllIds) ? "" : id;
}

}  // namespace goferd::service
