#include "controlplane/supervisor/lifecycle.h"

#include <signal.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "controlplane/supervisor/restart_pace.h"
#include "controlplane/supervisor/server_state.h"
#include "controlplane/supervisor/time_conversion.h"
#include "goferd/worker/v1/frame.pb.h"
#include "server/base/log.h"

namespace goferd::supervisor {
namespace {

using gofer::base::Log;
using gofer::base::MutexLock;
using Server = admin::Server;

// The kernel closes the sockets of a process a moment before it is dead.
constexpr absl::Duration kDeathRattle = absl::Milliseconds(20);
constexpr absl::Duration kKillPatience = absl::Seconds(5);

std::string Describe(const GoferExit& end) {
  if (end.signal) return absl::StrCat("signal ", *end.signal);
  if (end.exit_code) return absl::StrCat("exit code ", *end.exit_code);
  return "unknown: it was not our child";
}

admin::ServerFailure FailureOf(const GoferExit& end) {
  admin::ServerFailure failure;
  *failure.mutable_failure_time() = ToProto(absl::Now());
  if (end.exit_code) failure.set_exit_code(*end.exit_code);
  if (end.signal) failure.set_signal_number(*end.signal);
  if (end.out_of_memory) {
    failure.set_reason(admin::ServerFailure::OOM_KILLED);
  } else if (end.signal == SIGSYS) {
    failure.set_reason(admin::ServerFailure::SECCOMP_VIOLATION);
  } else if (end.exit_code) {
    failure.set_reason(admin::ServerFailure::EXITED);
  } else {
    failure.set_reason(admin::ServerFailure::CRASHED);
  }
  failure.set_message("the gofer died: " + Describe(end));
  return failure;
}

}  // namespace

worker::GoferClient::Callbacks Lifecycle::CallbacksFor(
    const std::string& server_id, uint64_t generation) {
  return {.on_event =
              [this, server_id, generation](const worker::v1::Event& event) {
                events_.Apply(server_id, generation, event);
              },
          .on_closed =
              [this, server_id, generation](const absl::Status&) {
                OnClosed(server_id, generation);
              }};
}

absl::Status Lifecycle::StartGofer(const Model::ServerPtr& server,
                                   const ServedTree& tree) {
  const uint64_t generation = next_generation_.fetch_add(1);
  worker::v1::Bootstrap bootstrap;
  int64_t max_memory = 0;
  {
    MutexLock lock(context_.model.mu);
    server->generation = generation;
    server->started_at = absl::Now();
    bootstrap = MakeBootstrap(context_, *server);
    max_memory = server->resource.limits().max_memory_bytes();
  }
  tree.AddTo(bootstrap);
  std::vector<int> fds;
  for (const auto& fd : tree.fds) fds.push_back(fd.get());
  auto started = starter_.Start(server->id, bootstrap, fds, max_memory,
                                CallbacksFor(server->id, generation));
  if (!started.ok()) return started.status();
  {
    MutexLock lock(context_.model.mu);
    Known(*server, started->result);
    server->log_level = static_cast<admin::LogLevel>(bootstrap.log_level());
    server->resource.set_gofer_pid(started->process->pid());
    // STRICT is about the gofer's own steps, and has them all.
    const bool strict = server->resource.sandbox_mode() == Server::STRICT;
    for (const auto& missing : started->process->missing()) {
      Log().warn("{}: its gofer is without {}", server->name(), missing);
      if (!strict) server->resource.add_missing_sandbox_steps(missing);
    }
  }
  if (absl::Status laid = LayOverrides(server, *started->link); !laid.ok()) {
    started->process->End();
    return laid;
  }
  MutexLock lock(context_.model.mu);
  server->link = std::move(started->link);
  server->process = std::move(started->process);
  server->resource.clear_failure();
  context_.model.SetState(*server,
                          server->draining ? Server::DRAINING : Server::ACTIVE);
  WatchProcess(*server);
  return absl::OkStatus();
}

absl::Status Lifecycle::LayOverrides(const Model::ServerPtr& server,
                                     GoferLink& link) {
  worker::v1::ToGofer rules;
  worker::v1::ToGofer handlers;
  worker::v1::ToGofer draining;
  {
    MutexLock lock(context_.model.mu);
    *rules.mutable_change_rules() = RuleOperations::RulesToKeep(*server);
    for (const auto& assignment : server->assignments) {
      auto& to = *handlers.mutable_set_handlers()->add_assignments();
      to.set_mid(static_cast<uint32_t>(assignment.mid()));
      to.set_implementation(assignment.implementation());
    }
    draining.mutable_set_draining()->set_draining(server->draining);
  }
  if (rules.change_rules().upsert_size() > 0) {
    const auto answer = link.Ask(std::move(rules));
    if (!answer.ok()) return answer.status();
  }
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

void Lifecycle::Known(ServerRecord& server,
                      const worker::v1::BootstrapResult& result) {
  server.capabilities.assign(result.party().capabilities().begin(),
                             result.party().capabilities().end());
  server.known_mids.assign(result.supported_mids().begin(),
                           result.supported_mids().end());
  Server& resource = server.resource;
  resource.set_gofer_version(result.party().release().substr(0, 64));
  resource.clear_sandbox_steps();
  for (const auto& step : result.sandbox_steps()) {
    resource.add_sandbox_steps(step.substr(0, 64));
  }
  resource.clear_missing_sandbox_steps();
  for (const auto& step : result.missing_sandbox_steps()) {
    resource.add_missing_sandbox_steps(step.substr(0, 64));
    Log().warn("{}: its gofer is not confined by {}", server.name(), step);
  }
}

void Lifecycle::WatchProcess(ServerRecord& server) {
  const std::string id = server.id;
  const uint64_t generation = server.generation;
  auto watch = context_.loop->AddReadable(
      server.process->pidfd(),
      [this, id, generation] { OnExit(id, generation); });
  if (watch.ok()) {
    server.watch = *std::move(watch);
    return;
  }
  Log().error("{}: its gofer cannot be watched: {}", server.name(),
              std::string(watch.status().message()));
}

void Lifecycle::OnClosed(const std::string& server_id, uint64_t generation) {
  if (context_.stopping) return;
  context_.loop->After(kDeathRattle, [this, server_id, generation] {
    MarkUnreachable(server_id, generation);
  });
}

void Lifecycle::MarkUnreachable(const std::string& server_id,
                                uint64_t generation) {
  Model& model = context_.model;
  MutexLock lock(model.mu);
  const Model::ServerPtr server = model.Find(server_id);
  if (server == nullptr || server->generation != generation) return;
  if (server->link == nullptr || context_.stopping) return;
  context_.pool.Drop(std::exchange(server->link, nullptr));
  const auto state = server->resource.state();
  if (state != Server::ACTIVE && state != Server::DRAINING) return;
  Log().warn("{}: its gofer does not answer any more", server->name());
  model.SetState(*server, Server::UNREACHABLE);
  context_.pool.Post([this, server_id, generation] {
    Reconnect(server_id, generation, kFirstPause);
  });
}

void Lifecycle::OnExit(const std::string& server_id, uint64_t generation) {
  Model& model = context_.model;
  MutexLock lock(model.mu);
  const Model::ServerPtr server = model.Find(server_id);
  if (server == nullptr || server->generation != generation ||
      server->process == nullptr || context_.stopping) {
    return;
  }
  const GoferExit end = server->process->Reap();
  context_.pool.Drop(std::exchange(server->link, nullptr));
  context_.pool.Drop(std::shared_ptr(std::exchange(server->watch, nullptr)));
  server->resource.set_gofer_pid(0);
  server->resource.clear_conditions();
  const auto state = server->resource.state();
  context_.tickets.RevokeServer(server_id);
  if (state == Server::STOPPING) {
    // EndGofer waits for the process.
    model.EndAll(*server, admin::Connection::SERVER_SHUTDOWN,
                 "the server was deleted", context_.ended_retention());
    return;
  }
  const bool in_order = end.exit_code == 0;
  const bool ours = server->resource.origin() == Server::CREATED;
  const bool adopted_end = !ours && !end.exit_code && !end.signal;
  context_.pool.Drop(std::exchange(server->process, nullptr));
  if (in_order || adopted_end) {
    model.EndAll(*server, admin::Connection::SERVER_SHUTDOWN,
                 "the gofer has ended", context_.ended_retention());
    server->stopped_at = absl::Now();
    Log().info("{}: its gofer has ended", server->name());
    model.SetState(*server, Server::STOPPED);
    return;
  }
  context_.gofer_crashes.fetch_add(1);
  Log().error("{}: its gofer died: {}", server->name(), Describe(end));
  model.EndAll(*server, admin::Connection::GOFER_CRASHED, Describe(end),
               context_.ended_retention());
  *server->resource.mutable_failure() = FailureOf(end);
  model.SetState(*server, Server::FAILED);
  RestartLater(*server);
}

void Lifecycle::RestartLater(ServerRecord& server) {
  if (server.resource.restart_policy() == Server::NEVER ||
      server.resource.origin() != Server::CREATED || context_.stopping) {
    return;
  }
  if (absl::Now() - server.started_at > kHealthyLife) {
    server.failures_in_a_row = 0;
  }
  const absl::Duration pause = PauseBefore(++server.failures_in_a_row);
  const std::string id = server.id;
  context_.loop->After(
      pause, [this, id] { context_.pool.Post([this, id] { Restart(id); }); });
}

void Lifecycle::Restart(const std::string& server_id) {
  Model& model = context_.model;
  Model::ServerPtr server;
  {
    MutexLock lock(model.mu);
    server = model.Find(server_id);
    if (server == nullptr || context_.stopping ||
        server->resource.state() != Server::FAILED) {
      return;
    }
    server->resource.set_restart_count(server->resource.restart_count() + 1);
    model.SetState(*server, Server::STARTING);
  }
  context_.gofer_restarts.fetch_add(1);
  absl::Status started;
  const auto tree = ResolveTree(server->resource, server->resolved_root,
                                context_.config.allowed_roots());
  if (tree.ok()) {
    started = StartGofer(server, *tree);
  } else {
    started = tree.status();
  }
  if (started.ok()) {
    Log().info("{}: a new gofer serves", server->name());
    return;
  }
  MutexLock lock(model.mu);
  admin::ServerFailure& failure = *server->resource.mutable_failure();
  failure.Clear();
  failure.set_reason(admin::ServerFailure::START_FAILED);
  failure.set_message(std::string(started.message()));
  *failure.mutable_failure_time() = ToProto(absl::Now());
  Log().error("{}: no new gofer: {}", server->name(), failure.message());
  if (server->resource.state() != Server::STARTING) return;
  model.SetState(*server, Server::FAILED);
  RestartLater(*server);
}

absl::Status Lifecycle::EndGofer(const Model::ServerPtr& server) {
  std::shared_ptr<GoferLink> link;
  std::shared_ptr<GoferProcess> process;
  {
    MutexLock lock(context_.model.mu);
    link = server->link;
    process = server->process;
  }
  if (link != nullptr) {
    worker::v1::ToGofer ask;
    ask.mutable_shutdown()->set_close_timeout_ns(
        absl::ToInt64Nanoseconds(context_.stop_timeout()));
    const auto answer = link->AskFor(
        context_.stop_timeout() + context_.control_timeout(), std::move(ask));
    if (!answer.ok()) {
      Log().warn("{}: its gofer did not end when asked: {}", server->name(),
                 std::string(answer.status().message()));
    }
  }
  if (process != nullptr &&
      (link == nullptr || !process->WaitForEnd(context_.control_timeout()))) {
    process->Kill(SIGKILL);
    if (!process->WaitForEnd(kKillPatience)) {
      return errors::Error(
          errors::Reason::INTERNAL_FAULT,
          absl::StrCat("process ", process->pid(), ", the gofer of ",
                       server->name(), ", does not die: try again"));
    }
  }
  const bool ours = server->resource.origin() == Server::CREATED;
  const absl::Status removed = ours ? context_.state.RemoveServer(server->id)
                                    : context_.state.RemoveAdopted(server->id);
  if (!removed.ok()) {
    Log().warn("{}: its state directory stays behind: {}", server->name(),
               std::string(removed.message()));
  }
  MutexLock lock(context_.model.mu);
  // The loop may not have seen its end yet, and will not know it any more.
  if (process != nullptr) process->Reap();
  context_.tickets.RevokeServer(server->id);
  context_.model.EndAll(*server, admin::Connection::SERVER_SHUTDOWN,
                        "the server was deleted", context_.ended_retention());
  context_.pool.Drop(std::exchange(server->link, nullptr));
  context_.pool.Drop(std::shared_ptr(std::exchange(server->watch, nullptr)));
  context_.pool.Drop(std::exchange(server->process, nullptr));
  ++server->generation;
  context_.model.Remove(server);
  return absl::OkStatus();
}

}  // namespace goferd::supervisor
