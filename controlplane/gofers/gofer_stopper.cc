#include "controlplane/gofers/gofer_stopper.h"

#include <signal.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "controlplane/gofers/adopter.h"
#include "controlplane/gofers/kept_server.h"
#include "goferd/worker/v1/frame.pb.h"
#include "server/base/log.h"

namespace goferd::gofers {
namespace {

using errors::Reason;
using gofer::base::Log;
using model::ModelLock;

constexpr absl::Duration kKillPatience = absl::Seconds(5);

}  // namespace

absl::Status GoferStopper::Stop(const model::ServerPtr& server) {
  std::shared_ptr<link::GoferLink> link;
  std::shared_ptr<process::GoferProcess> process;
  bool created = false;
  {
    const ModelLock lock(model_);
    model::ServerRecord& record = server->record(lock);
    link = record.link.current;
    process = record.gofer.process;
    created = record.was_created();
  }
  if (process == nullptr) {
    auto found = FindUnknown(server, created);
    if (!found.ok()) return found.status();
    process = *std::move(found);
  }
  const bool ends = link != nullptr && AskToEnd(*server, *link);
  if (process != nullptr) {
    absl::Status ended = AwaitEnd(*server, *process, ends);
    if (!ended.ok()) return ended;
  }
  RemoveState(*server, created);
  const ModelLock lock(model_);
  model::ServerRecord& record = server->record(lock);
  // The loop may not have seen its end yet, and will not know it any more.
  if (process != nullptr) process->Reap();
  tickets_.RevokeServer(server->id());
  model_.EndAll(lock, record, admin::Connection::SERVER_SHUTDOWN,
                "the server was deleted", settings_.ended_retention());
  watch_.ReleaseGofer(lock, record);
  ++record.gofer.generation;
  ++record.link.generation;
  model_.Remove(lock, server);
  // A container of that id may run again already.
  if (!created) adopter_.AdoptNew(lock, server->id());
  return absl::OkStatus();
}

absl::Status GoferStopper::AwaitEnd(const model::ServerEntry& server,
                                    process::GoferProcess& process,
                                    bool ends_by_itself) const {
  if (ends_by_itself && process.WaitForEnd(settings_.control_timeout())) {
    return absl::OkStatus();
  }
  process.Kill(SIGKILL);
  if (process.WaitForEnd(kKillPatience)) return absl::OkStatus();
  return errors::Error(
      Reason::INTERNAL_FAULT,
      absl::StrCat("process ", process.pid(), ", the gofer of ", server.name(),
                   ", does not die: try again"));
}

absl::StatusOr<std::shared_ptr<process::GoferProcess>>
GoferStopper::FindUnknown(const model::ServerPtr& server, bool created) {
  if (!created) return nullptr;
  auto found = FindConfinedProcess(model_, host_, server->id());
  if (found.ok()) return found;
  if (errors::ReasonOf(found.status()) == Reason::PATH_NOT_FOUND) {
    return nullptr;
  }
  // Nobody knows its process, but it listens.
  adopter_.EndLeftover(server->id());
  found = FindConfinedProcess(model_, host_, server->id());
  if (errors::ReasonOf(found.status()) == Reason::PATH_NOT_FOUND) {
    return nullptr;
  }
  if (found.ok()) return found;
  return errors::Error(Reason::INTERNAL_FAULT,
                       absl::StrCat("whether the gofer of ", server->name(),
                                    " lives cannot be said: ",
                                    found.status().message(), "; try again"));
}

bool GoferStopper::AskToEnd(const model::ServerEntry& server,
                            link::GoferLink& link) const {
  worker::v1::ToGofer ask;
  ask.mutable_shutdown()->set_close_timeout_ns(
      absl::ToInt64Nanoseconds(settings_.stop_timeout()));
  const auto answer = link.AskFor(
      settings_.stop_timeout() + settings_.control_timeout(), std::move(ask));
  if (answer.ok()) return true;
  Log().warn("{}: its gofer did not end when asked: {}", server.name(),
             std::string(answer.status().message()));
  return false;
}

void GoferStopper::RemoveState(const model::ServerEntry& server, bool created) {
  absl::Status removed;
  if (created) {
    removed = host_.state.RemoveServer(server.id());
  } else if (host_.state.AdoptedIsDead(server.id())) {
    removed = host_.state.RemoveAdopted(server.id());
  }
  if (removed.ok()) return;
  Log().warn("{}: its state directory stays behind: {}", server.name(),
             std::string(removed.message()));
}

}  // namespace goferd::gofers
