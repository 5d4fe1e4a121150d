#include "controlplane/gofers/kept_server.h"

#include <unistd.h>

#include <climits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "controlplane/errors/error.h"
#include "controlplane/names/resource_name.h"
#include "controlplane/translate/time_conversion.h"
#include "goferd/worker/v1/bootstrap.pb.h"
#include "server/base/log.h"
#include "server/base/text.h"
#include "server/uds/peer_credentials.h"

namespace goferd::gofers {

namespace {

using gofer::base::Log;

constexpr char kDeathFile[] = "death.pb";

absl::Status MakesNoSense(const state::StateDirectory& state,
                          const std::string& id, absl::string_view file) {
  return errors::Error(
      errors::Reason::INTERNAL_FAULT,
      absl::StrCat(state.path(), "/servers/", id, "/", file,
                   " is cut, or is another file: it makes no sense"));
}

std::string BaseName(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return std::string(slash == absl::string_view::npos ? path
                                                      : path.substr(slash + 1));
}

// Whether the process runs the program `gofer_path`, or did before that was
// replaced.
bool IsGofer(pid_t pid, const std::string& gofer_path) {
  std::string target(size_t{PATH_MAX}, '\0');
  const std::string link = absl::StrCat("/proc/", pid, "/exe");
  const ssize_t length = ::readlink(link.c_str(), target.data(), target.size());
  if (length <= 0) return false;
  target.resize(static_cast<size_t>(length));
  return BaseName(absl::StripSuffix(target, " (deleted)")) ==
         BaseName(gofer_path);
}

// The process that listens at the server's control socket: the kernel says
// which. Gofers of older releases listen at a socket that a goferd has made:
// theirs cannot be found so.
absl::StatusOr<std::shared_ptr<process::GoferProcess>> FindListener(
    const Host& host, const std::string& id) {
  const state::StateDirectory& state = host.state;
  const auto socket = state.ConnectControl(id);
  if (!socket.ok()) return socket.status();
  const auto peer = gofer::uds::GetPeerCredentials(socket->get());
  if (!peer.ok()) {
    return errors::FromErrno(peer.error().number(), state.ControlPath(id));
  }
  if (peer->uid == ::geteuid() && IsGofer(peer->pid, host.gofer_path)) {
    auto process = process::GoferProcess::AdoptPeer(peer->pid);
    if (process.ok()) return process;
  }
  return errors::Error(
      errors::Reason::INTERNAL_FAULT,
      absl::StrCat("somebody listens at ", state.ControlPath(id),
                   ", and which process that is cannot be found"));
}

bool IsOver(const admin::HandlerRule& rule, absl::Time now) {
  return rule.has_expire_time() && translate::ToTime(rule.expire_time()) <= now;
}

}  // namespace

absl::StatusOr<model::ServerPtr> ReadKeptServer(
    const state::StateDirectory& state, const std::string& id) {
  const auto bytes = state.ReadServerFile(id, "bootstrap.pb");
  if (!bytes.ok()) return bytes.status();
  worker::v1::Bootstrap bootstrap;
  state::v1::ServerState kept;
  if (!bootstrap.ParseFromString(*bytes) ||
      !kept.ParseFromString(bootstrap.daemon_data()) ||
      kept.server().name() != names::FormatServerName(id)) {
    return MakesNoSense(state, id, "bootstrap.pb");
  }
  model::ServerRecord record;
  record.id = id;
  record.resolved_root = kept.resolved_root();
  record.request = kept.request();
  record.resource = std::move(*kept.mutable_server());
  record.SetDraining(kept.draining(), kept.draining_untold());
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
  if (const auto death = ReadDeath(state, id)) {
    *resource.mutable_last_failure() = death->failure();
  }
  return std::make_shared<model::ServerEntry>(std::move(record));
}

void KeepDeath(state::StateDirectory& state, const std::string& id,
               const admin::ServerFailure& failure,
               const std::vector<admin::Connection>& connections) {
  state::v1::GoferDeath death;
  if (const auto process = state.ReadServerFile(id, "pid"); process.ok()) {
    death.set_process(*process);
  }
  *death.mutable_failure() = failure;
  size_t bytes = 0;
  for (const admin::Connection& connection : connections) {
    bytes += connection.ByteSizeLong();
    if (bytes > kMostDeathBytes) break;
    *death.add_connections() = connection;
  }
  const absl::Status kept =
      state.WriteServerFile(id, kDeathFile, death.SerializeAsString());
  if (kept.ok()) return;
  Log().warn("{}: how it failed is not written down: {}",
             names::FormatServerName(id), std::string(kept.message()));
}

std::optional<state::v1::GoferDeath> ReadDeath(
    const state::StateDirectory& state, const std::string& id) {
  const auto bytes = state.ReadServerFile(id, kDeathFile);
  state::v1::GoferDeath death;
  if (!bytes.ok() || !death.ParseFromString(*bytes) || !death.has_failure()) {
    return std::nullopt;
  }
  return death;
}

bool IsOfLastGofer(const state::StateDirectory& state, const std::string& id,
                   const state::v1::GoferDeath& death) {
  const auto process = state.ReadServerFile(id, "pid");
  return process.ok() && *process == death.process();
}

absl::StatusOr<state::v1::Overrides> ReadKeptOverrides(
    const state::StateDirectory& state, const std::string& id) {
  const auto bytes = state.ReadServerFile(id, "overrides.pb");
  state::v1::Overrides read;
  if (errors::ReasonOf(bytes.status()) == errors::Reason::PATH_NOT_FOUND) {
    return read;
  }
  if (!bytes.ok()) return bytes.status();
  // There is no file without overrides: an empty one has lost them.
  const auto count = [&read] {
    return static_cast<uint32_t>(read.rules_size() + read.assignments_size());
  };
  if (bytes->empty() || !read.ParseFromString(*bytes) || count() == 0 ||
      (read.element_count() != 0 && read.element_count() != count())) {
    return MakesNoSense(state, id, "overrides.pb");
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

void AddOverrides(const model::ModelLock& lock, model::Model& model,
                  const state::v1::Overrides& overrides,
                  model::ServerRecord& server) {
  server.damage.overrides.clear();
  for (const admin::HandlerRule& rule : overrides.rules()) {
    model.PutRule(lock, server, {rule, server.overrides.next_rule_age++});
  }
  server.overrides.assignments.assign(overrides.assignments().begin(),
                                      overrides.assignments().end());
}

absl::StatusOr<std::shared_ptr<process::GoferProcess>> FindKeptProcess(
    const Host& host, const std::string& id) {
  const auto text = host.state.ReadServerFile(id, "pid");
  if (text.ok()) {
    if (const auto identity = process::GoferProcess::ParseIdentity(*text)) {
      auto process = process::GoferProcess::Adopt(*identity);
      if (errors::ReasonOf(process.status()) !=
          errors::Reason::PATH_NOT_FOUND) {
        return process;
      }
    }
  }
  return FindListener(host, id);
}

absl::StatusOr<std::shared_ptr<process::GoferProcess>> FindConfinedProcess(
    const model::Model& model, const Host& host, const std::string& id) {
  auto process = FindKeptProcess(host, id);
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
