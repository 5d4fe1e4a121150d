#include "controlplane/gofers/takeover.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "controlplane/gofers/adopted_server.h"
#include "controlplane/gofers/gofer_events.h"
#include "controlplane/gofers/gofer_launcher.h"
#include "controlplane/gofers/reconnector.h"
#include "controlplane/gofers/restoration.h"
#include "controlplane/gofers/server_failure.h"
#include "controlplane/names/resource_name.h"
#include "controlplane/translate/adopt_result.h"
#include "goferd/worker/v1/frame.pb.h"
#include "server/base/log.h"

namespace goferd::gofers {

using errors::Reason;
using gofer::base::Log;
using model::ModelLock;
using Server = admin::Server;

bool IsIncompatible(const absl::Status& status) {
  return errors::ReasonOf(status) == Reason::GOFER_CAPABILITY_MISSING;
}

Takeover::Takeover(model::Model& model, Threads& threads,
                   const Settings& settings, Host& host, GoferWatch& watch,
                   Restoration& restoration, GoferEvents& events,
                   Reconnector& reconnector, MakeCallbacks make_callbacks)
    : model_(model),
      threads_(threads),
      settings_(settings),
      host_(host),
      watch_(watch),
      restoration_(restoration),
      events_(events),
      reconnector_(reconnector),
      make_callbacks_(std::move(make_callbacks)) {}

absl::Status Takeover::ConnectAndAdopt(const std::string& id, Origin origin,
                                       AdoptedLink& adopted) {
  adopted.link_generation = model_.NewGeneration();
  const std::string path = origin == Origin::kCreated
                               ? host_.state.ControlPath(id)
                               : host_.state.AdoptedControlPath(id);
  auto callbacks = make_callbacks_(id, adopted.link_generation);
  callbacks.on_event = [early = adopted.events, apply = callbacks.on_event](
                           const worker::v1::Event& event) {
    if (!early->Keep(event)) apply(event);
  };
  auto client =
      worker::GoferClient::Connect(path, threads_.loop(), std::move(callbacks));
  if (!client.ok()) return client.status();
  adopted.link =
      host_.links.Make(*std::move(client), settings_.control_timeout(),
                       names::FormatServerName(id));
  worker::v1::ToGofer ask;
  *ask.mutable_adopt()->mutable_party() = OwnParty();
  auto answer = adopted.link->Ask(std::move(ask));
  if (!answer.ok()) return answer.status();
  adopted.result = std::move(*answer->mutable_adopt());
  int32_t max_connections = 0;
  if (origin == Origin::kCreated) {
    const ModelLock lock(model_);
    const model::ServerPtr server = model_.Find(lock, id);
    if (server != nullptr) {
      max_connections =
          server->record(lock).resource.limits().max_connections();
    }
  }
  return translate::CheckAdoptResult(translate::AdoptBoundsFor(max_connections),
                                     adopted.result);
}

bool Takeover::MayTakeOver(const ModelLock& lock,
                           const model::ServerPtr& server,
                           uint64_t generation) const {
  const model::ServerRecord& record = server->record(lock);
  const auto state = record.resource.state();
  return model_.Find(lock, server->id()) == server &&
         record.gofer.generation == generation &&
         record.gofer.process != nullptr &&
         (state == Server::STARTING || state == Server::UNREACHABLE);
}

struct Takeover::Begun {
  // The gofer that was taken over; another one is not ours to finish.
  uint64_t gofer_generation = 0;
  bool was_imported = false;
  Restoration::Strays strays;
};

absl::StatusOr<Takeover::Begun> Takeover::Begin(const model::ServerPtr& server,
                                                AdoptedLink& adopted) {
  const worker::v1::AdoptResult& result = adopted.result;
  const ModelLock lock(model_);
  model::ServerRecord& record = server->record(lock);
  if (!MayTakeOver(lock, server, record.gofer.generation) ||
      (!record.was_created() &&
       record.gofer.process->pid() != adopted.link->peer().pid)) {
    return errors::Error(
        Reason::GOFER_UNREACHABLE,
        absl::StrCat(server->name(), " has another gofer by now"));
  }
  watch_.ReleaseLink(lock, record);
  record.link.current = adopted.link;
  record.link.generation = adopted.link_generation;
  GoferLauncher::RecordBootstrapResult(lock, *record.gofer.process,
                                       result.bootstrap(), record);
  record.gofer.started_at = absl::FromUnixNanos(result.start_unix_ns());
  record.draining = result.draining();
  record.resource.clear_failure();
  record.resource.clear_conditions();
  Begun begun;
  begun.gofer_generation = record.gofer.generation;
  begun.was_imported = std::exchange(record.link.state_imported, true);
  if (begun.was_imported) {
    begun.strays = restoration_.CompareConnections(lock, record, result);
    return begun;
  }
  if (!record.was_created()) DescribeAdoptedServer(result, record);
  begun.strays = restoration_.RestoreConnections(lock, record, result);
  return begun;
}

absl::Status Takeover::TakeOver(const model::ServerPtr& server,
                                AdoptedLink& adopted) {
  const auto begun = Begin(server, adopted);
  if (!begun.ok()) return begun.status();
  link::GoferLink& link = *adopted.link;
  if (begun->was_imported) {
    restoration_.CompareRules(server, link, adopted.result);
  } else {
    restoration_.RestoreRules(server, link, adopted.result);
  }
  restoration_.CompareLimits(server, link, adopted.result);
  Restoration::EndStrays(begun->strays, link);
  const ModelLock lock(model_);
  model::ServerRecord& record = server->record(lock);
  if (!MayTakeOver(lock, server, begun->gofer_generation) ||
      record.link.current != adopted.link || !link.connected() ||
      !link.answers() || adopted.events->overflow()) {
    return errors::Error(
        Reason::GOFER_UNREACHABLE,
        absl::StrCat("the gofer of ", server->name(), " has gone meanwhile"));
  }
  for (const auto& event : adopted.events->Open()) {
    events_.ApplyTo(lock, record, event);
  }
  record.link.established_at = absl::Now();
  model_.CheckWhetherAllAreImported(lock);
  Log().info("{}: its gofer (process {}) is known again", server->name(),
             record.resource.gofer_pid());
  return model_.SetState(lock, record,
                         record.draining ? Server::DRAINING : Server::ACTIVE);
}

void Takeover::HandleFailedAdoption(const model::ServerPtr& server,
                                    AdoptedLink& adopted,
                                    const absl::Status& why) {
  const ModelLock lock(model_);
  model::ServerRecord& record = server->record(lock);
  const auto state = record.resource.state();
  if (model_.Find(lock, server->id()) != server || threads_.stopping() ||
      (state != Server::STARTING && state != Server::UNREACHABLE)) {
    return;
  }
  Log().error("{}: its gofer is not adopted: {}", server->name(),
              std::string(why.message()));
  watch_.ReleaseLink(lock, record);
  if (IsIncompatible(why)) {
    admin::ServerFailure failure;
    failure.set_reason(admin::ServerFailure::INCOMPATIBLE);
    failure.set_message(
        "the gofer serves, and speaks no version of our protocol: end it with "
        "its connections, or let a goferd of its release have it");
    MarkFailed(lock, model_, record, std::move(failure));
    return;
  }
  if (state != Server::UNREACHABLE) {
    (void)model_.SetState(lock, record, Server::UNREACHABLE);
  }
  if (adopted.link != nullptr && !adopted.link->answers()) {
    // The link's next news, an answer or its end, goes on from here.
    record.link.current = adopted.link;
    record.link.generation = adopted.link_generation;
    if (!adopted.link->answers()) return;
    watch_.ReleaseLink(lock, record);
  }
  reconnector_.ReconnectLater(lock, record);
}

}  // namespace goferd::gofers
