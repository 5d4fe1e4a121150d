#include "controlplane/gofers/kept_server.h"

#include <limits.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "controlplane/names/resource_name.h"
#include "controlplane/translate/time_conversion.h"
#include "goferd/worker/v1/bootstrap.pb.h"
#include "server/base/log.h"
#include "server/base/text.h"

namespace goferd::gofers {

namespace admin = goferd::admin::v1;
namespace {

using gofer::base::Log;

bool IsOver(const admin::HandlerRule& rule, absl::Time now) {
  return rule.has_expire_time() && translate::ToTime(rule.expire_time()) <= now;
}

}  // namespace

model::ServerPtr ReadKeptServer(const state::StateDirectory& state,
                                const std::string& id) {
  const auto bytes = state.ReadServerFile(id, "bootstrap.pb");
  worker::v1::Bootstrap bootstrap;
  state::v1::ServerState kept;
  if (!bytes.ok() || !bootstrap.ParseFromString(*bytes) ||
      !kept.ParseFromString(bootstrap.daemon_data()) ||
      kept.server().name() != names::FormatServerName(id)) {
    return nullptr;
  }
  model::ServerRecord record;
  record.id = id;
  record.resolved_root = kept.resolved_root();
  record.draining = kept.draining();
  record.resource = std::move(*kept.mutable_server());
  admin::Server& resource = record.resource;
  resource.set_resolved_path(
      gofer::base::PlainText(record.resolved_root, PATH_MAX));
  resource.set_origin(admin::Server::CREATED);
  resource.set_state(admin::Server::STARTING);
  resource.set_gofer_pid(0);
  resource.set_active_connection_count(0);
  resource.clear_failure();
  resource.clear_conditions();
  resource.clear_holders();
  return std::make_shared<model::ServerEntry>(std::move(record));
}

state::v1::Overrides ReadKeptOverrides(const state::StateDirectory& state,
                                       const std::string& id) {
  const auto bytes = state.ReadServerFile(id, "overrides.pb");
  state::v1::Overrides read;
  if (errors::ReasonOf(bytes.status()) == errors::Reason::PATH_NOT_FOUND) {
    return {};
  }
  if (!bytes.ok() || !read.ParseFromString(*bytes)) {
    Log().error("{}: its rules and handlers cannot be read: {}",
                names::FormatServerName(id),
                bytes.ok() ? "the file makes no sense"
                           : std::string(bytes.status().message()));
    return {};
  }
  state::v1::Overrides overrides;
  *overrides.mutable_assignments() = read.assignments();
  const absl::Time now = absl::Now();
  for (admin::HandlerRule& rule : *read.mutable_rules()) {
    const auto name = names::ParseRuleName(rule.name());
    if (IsOver(rule, now) || !name || name->server_id != id) continue;
    *overrides.add_rules() = std::move(rule);
  }
  return overrides;
}

absl::StatusOr<std::shared_ptr<process::GoferProcess>> FindKeptProcess(
    const state::StateDirectory& state, const std::string& id) {
  const auto text = state.ReadServerFile(id, "pid");
  if (!text.ok()) return text.status();
  const auto identity = process::GoferProcess::ParseIdentity(*text);
  if (!identity) {
    return errors::Error(
        errors::Reason::INTERNAL_FAULT,
        absl::StrCat("the pid file of ", names::FormatServerName(id),
                     " makes no sense"));
  }
  return process::GoferProcess::Adopt(*identity);
}

absl::StatusOr<std::shared_ptr<process::GoferProcess>> FindConfinedProcess(
    const model::Model& model, const Host& host, const std::string& id) {
  auto process = FindKeptProcess(host.state, id);
  if (!process.ok()) return process;
  int64_t max_memory = 0;
  {
    const model::ModelLock lock(model);
    const model::ServerPtr server = model.Find(lock, id);
    if (server != nullptr) {
      max_memory = server->record(lock).resource.limits().max_memory_bytes();
    }
  }
  (*process)->FindConfines({.server_id = id,
                            .cgroup_parent = host.cgroup_parent,
                            .max_memory_bytes = max_memory});
  return process;
}

}  // namespace goferd::gofers
