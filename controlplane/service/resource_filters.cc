#include "controlplane/service/resource_filters.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/map.h>

#include "absl/strings/strip.h"
#include "controlplane/translate/time_conversion.h"

namespace goferd::service {
namespace {

using Answer = std::optional<std::string>;
using Labels = google::protobuf::Map<std::string, std::string>;

// All names but the unspecified value's, which no resource has.
std::vector<std::string> NamesOf(const google::protobuf::EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0) names.push_back(type.value(i)->name());
  }
  return names;
}

const google::protobuf::OneofDescriptor& Actions() {
  return *admin::HandlerRule::descriptor()->FindOneofByName("action");
}

std::vector<std::string> ActionNames() {
  std::vector<std::string> names;
  for (int i = 0; i < Actions().field_count(); ++i) {
    names.push_back(Actions().field(i)->name());
  }
  return names;
}

Answer LabelOf(const Labels& labels, absl::string_view field) {
  if (!absl::ConsumePrefix(&field, "labels.")) return std::nullopt;
  const auto label = labels.find(std::string(field));
  if (label == labels.end()) return std::nullopt;
  return label->second;
}

}  // namespace

const FilterSchema& ServerFilterSchema() {
  static const auto* const kSchema = new FilterSchema{
      {{"state", NamesOf(*admin::Server::State_descriptor())},
       {"origin", NamesOf(*admin::Server::Origin_descriptor())},
       {"create_time", {}, FilterSchema::Field::Type::kTime}},
      true};
  return *kSchema;
}

const FilterSchema& ConnectionFilterSchema() {
  static const auto* const kSchema = new FilterSchema{
      {{"state", NamesOf(*admin::Connection::State_descriptor())},
       {"end_reason", NamesOf(*admin::Connection::EndReason_descriptor())},
       {"mount_path", {}},
       {"mount_fd", NamesOf(*admin::Connection::MountFd_descriptor())},
       {"create_time", {}, FilterSchema::Field::Type::kTime}},
      true};
  return *kSchema;
}

const FilterSchema& RuleFilterSchema() {
  static const auto* const kSchema =
      new FilterSchema{{{"action", ActionNames()}}, true};
  return *kSchema;
}

Answer FilterValue(const admin::Server& server, absl::string_view field) {
  if (field == "state") return admin::Server::State_Name(server.state());
  if (field == "origin") return admin::Server::Origin_Name(server.origin());
  if (field == "create_time") {
    return TimeValue(translate::ToTime(server.create_time()));
  }
  return LabelOf(server.labels(), field);
}

Answer FilterValue(const admin::Connection& connection,
                   absl::string_view field) {
  if (field == "state") {
    return admin::Connection::State_Name(connection.state());
  }
  if (field == "end_reason") {
    return admin::Connection::EndReason_Name(connection.end_reason());
  }
  if (field == "mount_path") return connection.mount_path();
  if (field == "mount_fd") {
    return admin::Connection::MountFd_Name(connection.mount_fd());
  }
  if (field == "create_time") {
    return TimeValue(translate::ToTime(connection.create_time()));
  }
  return LabelOf(connection.labels(), field);
}

Answer FilterValue(const admin::HandlerRule& rule, absl::string_view field) {
  if (field != "action") return LabelOf(rule.labels(), field);
  const auto* const action =
      rule.GetReflection()->GetOneofFieldDescriptor(rule, &Actions());
  if (action == nullptr) return std::nullopt;
  return action->name();
}

}  // namespace goferd::service
