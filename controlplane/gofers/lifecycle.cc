#include "controlplane/gofers/lifecycle.h"

#include <signal.h>

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controlplane/errors/error.h"
#include "controlplane/gofers/kept_overrides.h"
#include "controlplane/gofers/kept_server.h"
#include "controlplane/model/server_state.h"
#include "controlplane/translate/adopt_result.h"
#include "controlplane/translate/time_conversion.h"
#include "goferd/worker/v1/frame.pb.h"
#include "server/base/log.h"

namespace goferd::gofers {
namespace {

using errors::Reason;
using gofer::base::Log;
using gofer::base::MutexLock;
using Server = admin::Server;

constexpr absl::Duration kKillPatience = absl::Seconds(5);

std::string Describe(const process::GoferExit& end) {
  if (end.signal) return absl::StrCat("signal ", *end.signal);
  if (end.exit_code) return absl::StrCat("exit code ", *end.exit_code);
  return "unknown: it was not our child";
}

admin::ServerFailure FailureOf(const process::GoferExit& end) {
  admin::ServerFailure failure;
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
    const std::string& server_id, uint64_t link_generation) {
  return {
      .on_event =
          [this, server_id, link_generation](const worker::v1::Event& event) {
            events_.Apply(server_id, link_generation, event);
          },
      .on_closed =
          [this, server_id, link_generation](const absl::Status&) {
            OnClosed(server_id, link_generation);
          },
      .on_answering =
          [this, server_id, link_generation](bool answers) {
            OnAnswering(server_id, link_generation, answers);
          }};
}

absl::Status Lifecycle::StartGofer(const model::Model::ServerPtr& server,
                                   const tree::ServedTree& tree) {
  const uint64_t generation = next_generation_.fetch_add(1);
  worker::v1::Bootstrap bootstrap;
  int64_t max_memory = 0;
  {
    MutexLock lock(context_.model.mu);
    server->generation = generation;
    server->link_generation = generation;
    // Of a gofer before this one.
    server->reconnecting = false;
    server->acquainted = true;
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
  translate::CleanBootstrapResult(started->result);
  {
    MutexLock lock(context_.model.mu);
    Known(*server, *started->process, started->result);
    server->log_level = static_cast<admin::LogLevel>(bootstrap.log_level());
  }
  if (absl::Status laid = LayOverrides(server, *started->link); !laid.ok()) {
    started->process->End();
    return laid;
  }
  {
    MutexLock lock(context_.model.mu);
    if (context_.model.Find(server->id) == server &&
        server->generation == generation &&
        server->resource.state() == Server::STARTING) {
      LetGo(*server);
      server->link = std::move(started->link);
      server->linked_at = absl::Now();
      server->resource.clear_failure();
      WatchProcess(*server, std::move(started->process));
      DropFaults(*server);
      absl::Status set = context_.model.SetState(
          *server, server->draining ? Server::DRAINING : Server::ACTIVE);
      // Nobody missed it when it closed before it was here.
      if (!server->link->connected()) OnClosed(server->id, generation);
      return set;
    }
  }
  started->process->End();
  return errors::Error(
      Reason::OPERATION_PENDING,
      absl::StrCat(server->name(), " went while its gofer was started"));
}

absl::Status Lifecycle::LayOverrides(const model::Model::ServerPtr& server,
                                     link::GoferLink& link) {
  worker::v1::ToGofer rules;
  worker::v1::ToGofer handlers;
  worker::v1::ToGofer draining;
  {
    MutexLock lock(context_.model.mu);
    *rules.mutable_change_rules() = KeptOverrides::RulesOf(*server);
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

void Lifecycle::Known(model::ServerRecord& server,
                      const process::GoferProcess& process,
                      const worker::v1::BootstrapResult& result) {
  server.capabilities.assign(result.party().capabilities().begin(),
                             result.party().capabilities().end());
  server.known_mids.assign(result.supported_mids().begin(),
                           result.supported_mids().end());
  Server& resource = server.resource;
  resource.set_gofer_version(result.party().release());
  *resource.mutable_sandbox_steps() = result.sandbox_steps();
  *resource.mutable_missing_sandbox_steps() = result.missing_sandbox_steps();
  // STRICT is about the gofer's own steps, and has them all.
  const bool strict = resource.sandbox_mode() == Server::STRICT;
  for (const auto& missing : process.missing()) {
    Log().warn("{}: its gofer is without {}", server.name(), missing);
    if (!strict) resource.add_missing_sandbox_steps(missing);
  }
  if (result.missing_sandbox_steps().empty()) return;
  Log().warn("{}: its gofer is not confined by {}", server.name(),
             absl::StrJoin(result.missing_sandbox_steps(), ", "));
}

void Lifecycle::WatchProcess(model::ServerRecord& server,
                             std::shared_ptr<process::GoferProcess> process) {
  auto watch = context_.loop->AddReadable(
      process->pidfd(), [this, id = server.id, generation = server.generation] {
        OnExit(id, generation);
      });
  server.process = std::move(process);
  server.resource.set_gofer_pid(server.process->pid());
  if (watch.ok()) {
    server.watch = *std::move(watch);
    return;
  }
  Log().error("{}: its gofer cannot be watched: {}", server.name(),
              std::string(watch.status().message()));
}

void Lifecycle::LetGo(model::ServerRecord& server) {
  // The members go from the last to the first: a process's descriptor is closed
  // when nobody watches it any more.
  struct Parts {
    std::shared_ptr<process::GoferProcess> process;
    std::unique_ptr<event_loop::EventLoop::Watch> watch;
  };
  LetGoOfLink(server);
  if (server.process == nullptr) return;
  auto parts = std::make_shared<Parts>();
  parts->process = std::exchange(server.process, nullptr);
  parts->watch = std::exchange(server.watch, nullptr);
  context_.pool.Drop(std::move(parts));
}

void Lifecycle::LetGoOfLink(model::ServerRecord& server) {
  context_.pool.Drop(std::exchange(server.link, nullptr));
}

void Lifecycle::OnExit(const std::string& server_id, uint64_t generation) {
  MutexLock lock(context_.model.mu);
  const model::Model::ServerPtr server = context_.model.Find(server_id);
  if (server == nullptr || server->generation != generation ||
      server->process == nullptr) {
    return;
  }
  // At once, and on this thread it waits for nobody: the descriptor stays
  // readable.
  server->watch.reset();
  if (context_.stopping) return;
  TakeNoteOfEnd(*server, server->process->Reap());
}

void Lifecycle::TakeNoteOfEnd(model::ServerRecord& server,
                              const process::GoferExit& end) {
  model::Model& model = context_.model;
  server.resource.set_gofer_pid(0);
  server.resource.clear_conditions();
  context_.tickets.RevokeServer(server.id);
  if (server.resource.state() == Server::STOPPING) {
    LetGoOfLink(server);
    model.EndAll(server, admin::Connection::SERVER_SHUTDOWN,
                 "the server was deleted", context_.ended_retention());
    EndLater(server);
    return;
  }
  LetGo(server);
  // Nobody waits for what it has any more.
  server.acquainted = true;
  NoteWhetherAllAreAdopted();
  const bool ours = server.resource.origin() == Server::CREATED;
  const bool adopted_end = !ours && !end.exit_code && !end.signal;
  if (end.exit_code == 0 || adopted_end) {
    model.EndAll(server, admin::Connection::SERVER_SHUTDOWN,
                 "the gofer has ended", context_.ended_retention());
    server.stopped_at = absl::Now();
    Log().info("{}: its gofer has ended", server.name());
    (void)model.SetState(server, Server::STOPPED);
    if (ours) NoteEnded(server.id);
    // Its directory goes, or has the next gofer of that container already.
    if (!ours) AdoptNew(server.id);
    return;
  }
  context_.gofer_crashes.fetch_add(1);
  Log().error("{}: its gofer died: {}", server.name(), Describe(end));
  model.EndAll(server, admin::Connection::GOFER_CRASHED, Describe(end),
               context_.ended_retention());
  Fail(server, FailureOf(end));
  RestartLater(server);
}

void Lifecycle::Fail(model::ServerRecord& server,
                     admin::ServerFailure failure) {
  *failure.mutable_failure_time() = translate::ToProto(absl::Now());
  *server.resource.mutable_failure() = std::move(failure);
  const absl::Status failed = context_.model.SetState(server, Server::FAILED);
  if (!failed.ok()) Log().error("{}", std::string(failed.message()));
}

bool Lifecycle::AskToEnd(const model::ServerRecord& server,
                         link::GoferLink& link) const {
  worker::v1::ToGofer ask;
  ask.mutable_shutdown()->set_close_timeout_ns(
      absl::ToInt64Nanoseconds(context_.stop_timeout()));
  const auto answer = link.AskFor(
      context_.stop_timeout() + context_.control_timeout(), std::move(ask));
  if (answer.ok()) return true;
  Log().warn("{}: its gofer did not end when asked: {}", server.name(),
             std::string(answer.status().message()));
  return false;
}

void Lifecycle::NoteEnded(const std::string& server_id) {
  context_.pool.Post([this, server_id] {
    const absl::Status noted =
        context_.state.WriteServerFile(server_id, kEndedFile, "");
    if (noted.ok()) return;
    Log().warn("{}: that it has ended is not written down: {}",
               model::ServerName(server_id), std::string(noted.message()));
  });
}

// The others went with the gofer that they were made for.
void Lifecycle::DropFaults(model::ServerRecord& server) {
  std::vector<std::string> gone;
  for (const auto& [id, rule] : server.rules) {
    if (!KeptOverrides::IsKept(rule.resource)) gone.push_back(id);
  }
  for (const std::string& id : gone) context_.model.RemoveRule(server, id);
}

void Lifecycle::EndLater(const model::ServerRecord& server) {
  // EndGofer waits for the process, unless it has given up.
  if (server.busy) return;
  context_.pool.Post([this, id = server.id] {
    std::optional<model::Mutation> mutation;
    {
      MutexLock lock(context_.model.mu);
      auto begun = model::Mutation::Begin(context_.model, id, "");
      // Somebody deletes it again.
      if (!begun.ok()) return;
      mutation.emplace(*std::move(begun));
      if (mutation->server()->resource.state() != Server::STOPPING) return;
    }
    const absl::Status ended = EndGofer(mutation->server());
    if (!ended.ok()) Log().error("{}", std::string(ended.message()));
  });
}

void Lifecycle::RemoveState(const model::ServerRecord& server) {
  absl::Status removed;
  if (server.resource.origin() == Server::CREATED) {
    removed = context_.state.RemoveServer(server.id);
  } else if (context_.state.AdoptedIsDead(server.id)) {
    removed = context_.state.RemoveAdopted(server.id);
  }
  if (removed.ok()) return;
  Log().warn("{}: its state directory stays behind: {}", server.name(),
             std::string(removed.message()));
}

absl::StatusOr<std::shared_ptr<process::GoferProcess>> Lifecycle::FindUnknown(
    const model::Model::ServerPtr& server) {
  if (server->resource.origin() != Server::CREATED) return nullptr;
  auto found = FindConfined(server->id);
  if (found.ok()) return found;
  if (errors::ReasonOf(found.status()) == Reason::PATH_NOT_FOUND) {
    return nullptr;
  }
  return errors::Error(Reason::INTERNAL_FAULT,
                       absl::StrCat("whether the gofer of ", server->name(),
                                    " lives cannot be said: ",
                                    found.status().message(), "; try again"));
}

absl::Status Lifecycle::EndGofer(const model::Model::ServerPtr& server) {
  std::shared_ptr<link::GoferLink> link;
  std::shared_ptr<process::GoferProcess> process;
  {
    MutexLock lock(context_.model.mu);
    link = server->link;
    process = server->process;
  }
  if (process == nullptr) {
    auto found = FindUnknown(server);
    if (!found.ok()) return found.status();
    process = *std::move(found);
  }
  const bool ends = link != nullptr && AskToEnd(*server, *link);
  if (process != nullptr &&
      (!ends || !process->WaitForEnd(context_.control_timeout()))) {
    process->Kill(SIGKILL);
    if (!process->WaitForEnd(kKillPatience)) {
      return errors::Error(
          Reason::INTERNAL_FAULT,
          absl::StrCat("process ", process->pid(), ", the gofer of ",
                       server->name(), ", does not die: try again"));
    }
  }
  RemoveState(*server);
  MutexLock lock(context_.model.mu);
  // The loop may not have seen its end yet, and will not know it any more.
  if (process != nullptr) process->Reap();
  context_.tickets.RevokeServer(server->id);
  context_.model.EndAll(*server, admin::Connection::SERVER_SHUTDOWN,
                        "the server was deleted", context_.ended_retention());
  LetGo(*server);
  ++server->generation;
  ++server->link_generation;
  const bool ours = server->resource.origin() == Server::CREATED;
  context_.model.Remove(server);
  // A container of that id may run again already.
  if (!ours) AdoptNew(server->id);
  return absl::OkStatus();
}

}  // namespace goferd::gofers
