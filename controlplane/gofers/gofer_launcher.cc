#include "controlplane/gofers/gofer_launcher.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controlplane/errors/error.h"
#include "controlplane/gofers/kept_overrides.h"
#include "controlplane/gofers/rule_frames.h"
#include "controlplane/model/server_state.h"
#include "controlplane/translate/adopt_result.h"
#include "goferd/worker/v1/frame.pb.h"
#include "server/base/log.h"

namespace goferd::gofers {
using errors::Reason;
using gofer::base::Log;
using model::ModelLock;
using Server = admin::Server;

GoferLauncher::GoferLauncher(model::Model& model, const Settings& settings,
                             Host& host, GoferStarter& starter,
                             GoferWatch& watch, MakeCallbacks make_callbacks)
    : model_(model),
      settings_(settings),
      host_(host),
      starter_(starter),
      watch_(watch),
      make_callbacks_(std::move(make_callbacks)) {}

absl::Status GoferLauncher::Launch(const model::ServerPtr& server,
                                   const tree::ServedTree& tree) {
  const uint64_t generation = model_.NewGeneration();
  worker::v1::Bootstrap bootstrap;
  int64_t max_memory = 0;
  {
    const ModelLock lock(model_);
    model::ServerRecord& record = server->record(lock);
    record.gofer.generation = generation;
    record.gofer.started_at = absl::Now();
    record.link.generation = generation;
    // A former gofer's.
    record.link.reconnecting = false;
    record.link.state_imported = true;
    bootstrap = MakeBootstrap(settings_, host_, record);
    max_memory = record.resource.limits().max_memory_bytes();
  }
  tree.AddTo(bootstrap);
  std::vector<int> fds;
  for (const auto& fd : tree.fds) fds.push_back(fd.get());
  auto callbacks = make_callbacks_(server->id(), generation);
  const auto on_closed = callbacks.on_closed;
  auto started = starter_.Start(server->id(), bootstrap, fds, max_memory,
                                std::move(callbacks));
  if (!started.ok()) return started.status();
  translate::CleanBootstrapResult(started->result);
  {
    const ModelLock lock(model_);
    model::ServerRecord& record = server->record(lock);
    RecordBootstrapResult(lock, *started->process, started->result, record);
    record.gofer.log_level =
        static_cast<admin::LogLevel>(bootstrap.log_level());
  }
  absl::Status serves = LayOverrides(server, *started->link);
  if (serves.ok()) serves = Install(server, generation, *started, on_closed);
  // Without a gofer in the record nobody else would end the process.
  if (!serves.ok() && started->process != nullptr) started->process->End();
  return serves;
}

absl::Status GoferLauncher::Install(
    const model::ServerPtr& server, uint64_t generation, StartedGofer& started,
    const std::function<void(const absl::Status&)>& on_closed) {
  const ModelLock lock(model_);
  model::ServerRecord& record = server->record(lock);
  if (model_.Find(lock, server->id()) != server ||
      record.gofer.generation != generation ||
      record.resource.state() != Server::STARTING) {
    return errors::Error(
        Reason::OPERATION_PENDING,
        absl::StrCat(server->name(), " went while its gofer was started"));
  }
  watch_.ReleaseGofer(lock, record);
  record.link.current = std::move(started.link);
  record.link.established_at = absl::Now();
  record.resource.clear_failure();
  // It has begun with what was asked for last.
  record.draining_untold = false;
  watch_.Watch(lock, record, std::move(started.process));
  DropFaults(lock, record);
  absl::Status set = model_.SetState(
      lock, record, record.draining ? Server::DRAINING : Server::ACTIVE);
  // Nobody heard of it when the link closed before it was here.
  if (!record.link.current->connected()) on_closed(absl::OkStatus());
  return set;
}

absl::Status GoferLauncher::LayOverrides(const model::ServerPtr& server,
                                         link::GoferLink& link) {
  worker::v1::ChangeRules rules;
  worker::v1::ToGofer handlers;
  worker::v1::ToGofer draining;
  {
    const ModelLock lock(model_);
    rules = KeptOverrides::RulesOf(server->record(lock));
    for (const auto& assignment : server->record(lock).overrides.assignments) {
      auto& to = *handlers.mutable_set_handlers()->add_assignments();
      to.set_mid(static_cast<uint32_t>(assignment.mid()));
      to.set_implementation(assignment.implementation());
    }
    draining.mutable_set_draining()->set_draining(
        server->record(lock).draining);
  }
  absl::Status laid = AskToChange(link, std::move(rules));
  if (!laid.ok()) return laid;
  if (handlers.has_set_handlers()) {
    const auto answer = link.Ask(std::move(handlers));
    if (!answer.ok()) return answer.status();
  }
  if (draining.set_draining().draining()) {
    const auto answer = link.Ask(std::move(draining));
    if (!answer.ok()) return answer.status();
  }
  return absl::OkStatus();
}

void GoferLauncher::RecordBootstrapResult(
    const model::ModelLock&, const process::GoferProcess& process,
    const worker::v1::BootstrapResult& result, model::ServerRecord& server) {
  server.gofer.capabilities.assign(result.party().capabilities().begin(),
                                   result.party().capabilities().end());
  server.gofer.known_mids.assign(result.supported_mids().begin(),
                                 result.supported_mids().end());
  Server& resource = server.resource;
  resource.set_gofer_version(result.party().release());
  *resource.mutable_sandbox_steps() = result.sandbox_steps();
  *resource.mutable_missing_sandbox_steps() = result.missing_sandbox_steps();
  // STRICT is about the gofer's own steps, and has every one of them.
  const bool strict = resource.sandbox_mode() == Server::STRICT;
  for (const auto& missing : process.missing()) {
    Log().warn("{}: its gofer is without {}", server.name(), missing);
    if (!strict) resource.add_missing_sandbox_steps(missing);
  }
  if (result.missing_sandbox_steps().empty()) return;
  Log().warn("{}: its gofer is not confined by {}", server.name(),
             absl::StrJoin(result.missing_sandbox_steps(), ", "));
}

// Faults that are not persistent went with the gofer that they were made for.
void GoferLauncher::DropFaults(const ModelLock& lock,
                               model::ServerRecord& server) {
  std::vector<std::string> gone;
  for (const auto& [id, rule] : server.overrides.rules) {
    if (!KeptOverrides::IsKept(rule.resource)) gone.push_back(id);
  }
  for (const std::string& id : gone) model_.RemoveRule(lock, server, id);
}

}  // namespace goferd::gofers
