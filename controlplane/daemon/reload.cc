#include "controlplane/daemon/reload.h"

#include <google/protobuf/util/message_differencer.h>

#include "absl/strings/str_join.h"
#include "controlplane/config/load.h"
#include "server/base/log.h"

namespace goferd::daemon {
namespace {

using config::v1::DaemonConfig;
using gofer::base::Log;
using google::protobuf::FieldDescriptor;

DaemonConfig Only(const DaemonConfig& config, const FieldDescriptor& field) {
  DaemonConfig only = config;
  const auto& reflection = *only.GetReflection();
  std::vector<const FieldDescriptor*> set;
  reflection.ListFields(only, &set);
  for (const FieldDescriptor* other : set) {
    if (other != &field) reflection.ClearField(&only, other);
  }
  return only;
}

}  // namespace

std::vector<std::string> ChangedFields(const DaemonConfig& a,
                                       const DaemonConfig& b) {
  using google::protobuf::util::MessageDifferencer;
  std::vector<std::string> names;
  const auto& fields = *DaemonConfig::descriptor();
  for (int i = 0; i < fields.field_count(); ++i) {
    const FieldDescriptor& field = *fields.field(i);
    if (!MessageDifferencer::Equals(Only(a, field), Only(b, field))) {
      names.push_back(field.name());
    }
  }
  return names;
}

void Reload(const Options& options, const DaemonConfig& running,
            auth::RoleBook& roles, auth::AuditLog& audit) {
  Log().info(
      "goferd reloads: the roles file is read and the audit file opened "
      "again; certificates are looked at by themselves");
  roles.Reload();
  audit.Reopen();
  const auto config = config::LoadConfig(options.config_path, options.overrides,
                                         config::Environment::OfThisProcess());
  if (!config.ok()) {
    Log().error("the configuration has faults, the one in force stays: {}",
                std::string(config.status().message()));
    return;
  }
  const std::vector<std::string> changed = ChangedFields(running, *config);
  if (changed.empty()) return;
  Log().warn(
      "these fields of the configuration have changed, but are not in "
      "force: {}; the configuration is read at the start: restart goferd, "
      "gofers go on meanwhile",
      absl::StrJoin(changed, ", "));
}

}  // namespace goferd::daemon
