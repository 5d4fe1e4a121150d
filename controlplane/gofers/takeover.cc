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
#include "controlplane/link/paged_lists.h"
#include "controlplane/names/resource_name.h"
#include "controlplane/translate/adopt_result.h"
#include "controlplane/translate/time_conversion.h"
#include "goferd/worker/v1/frame.pb.h"
#include "server/base/log.h"
#include "server/control/bounds.h"

namespace goferd::gofers {

using errors::Reason;
using gofer::base::Log;
using model::ModelLock;
using Server = admin::Server;

namespace {

void ShowDamage(model::ServerRecord& server) {
  admin::Condition& condition = *server.resource.add_conditions();
  condition.set_type(admin::Condition::STATE_DAMAGED);
  *condition.mutable_since_time() = translate::ToProto(absl::Now());
  condition.set_message(server.damage.text());
}

}  // namespace

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
  const auto bounds = translate::AdoptBoundsFor(max_connections);
  if (adopted.result.lists_left_out()) {
    absl::Status read = ReadLists(id, bounds.max_live_connections, adopted);
    if (!read.ok()) return read;
  }
  return translate::CheckAdoptResult(bounds, adopted.result);
}

absl::Status Takeover::ReadLists(const std::string& id,
                                 size_t max_live_connections,
                                 AdoptedLink& adopted) {
  const auto timeout = [this] { return settings_.control_timeout(); };
  auto& connections = *adopted.result.mutable_connections();
  worker::v1::ListConnections live;
  live.set_which(worker::v1::ListConnections::LIVE);
  absl::Status read = link::PagedLists::Connections(
      *adopted.link, live, timeout, [&](worker::v1::ConnectionList& list) {
        for (auto& connection : *list.mutable_connections()) {
          // CheckAdoptResult would drop it, too; all together it is too much.
          if (connection.daemon_data().size() >
              gofer::control::kMostConnectionData) {
            connection.clear_daemon_data();
          }
          connections.Add(std::move(connection));
        }
        // CheckAdoptResult says that there are too many.
        return static_cast<size_t>(connections.size()) <= max_live_connections;
      });
  if (!read.ok()) return read;
  auto& rules = *adopted.result.mutable_rules();
  read = link::PagedLists::Rules(
      *adopted.link, {}, timeout, [&](worker::v1::RuleList& list) {
        for (auto& rule : *list.mutable_rules()) {
          if (rule.daemon_data().size() <= gofer::control::kMostRuleData) {
            rules.Add(std::move(rule));
          }
        }
        return static_cast<size_t>(rules.size()) <= gofer::control::kMostRules;
      });
  if (!read.ok()) return read;
  const std::set<std::string> missing = FindMissing(id, adopted.result);
  if (missing.empty()) return absl::OkStatus();
  // Those have ended while the link was away.
  worker::v1::ListConnections ended;
  ended.set_which(worker::v1::ListConnections::ENDED);
  ended.set_without_daemon_data(true);
  return link::PagedLists::Connections(
      *adopted.link, ended, timeout, [&](worker::v1::ConnectionList& list) {
        for (auto& connection : *list.mutable_connections()) {
          if (missing.contains(connection.uid())) {
            connections.Add(std::move(connection));
          }
        }
        return true;
      });
}

std::set<std::string> Takeover::FindMissing(
    const std::string& id, const worker::v1::AdoptResult& result) {
  std::set<std::string> told;
  for (const auto& connection : result.connections()) {
    told.insert(connection.uid());
  }
  std::set<std::string> missing;
  const ModelLock lock(model_);
  const model::ServerPtr server = model_.Find(lock, id);
  if (server == nullptr) return missing;
  for (const auto& [connection_id, record] : server->record(lock).connections) {
    if (record.visible && !model::HasEnded(record.resource.state()) &&
        !told.contains(record.resource.uid())) {
      missing.insert(record.resource.uid());
    }
  }
  return missing;
}

void Takeover::ImportEnded(const model::ServerPtr& server) {
  std::shared_ptr<link::GoferLink> link;
  {
    const ModelLock lock(model_);
    link = server->record(lock).link.current;
  }
  if (link == nullptr) return;
  worker::v1::ListConnections ended;
  ended.set_which(worker::v1::ListConnections::ENDED);
  const absl::Status read = link::PagedLists::Connections(
      *link, ended, [this] { return settings_.control_timeout(); },
      [&](worker::v1::ConnectionList& list) {
        worker::v1::AdoptResult page;
        page.mutable_connections()->Swap(list.mutable_connections());
        translate::KeepEnded(*page.mutable_connections());
        const ModelLock lock(model_);
        model::ServerRecord& record = server->record(lock);
        if (model_.Find(lock, server->id()) != server ||
            record.link.current != link || threads_.stopping()) {
          return false;
        }
        restoration_.RestoreConnections(lock, record, page);
        return true;
      });
  if (read.ok()) return;
  Log().warn("{}: its ended connections are not known: {}", server->name(),
             std::string(read.message()));
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
  // What was asked for while the gofer did not answer counts more than what it
  // was told before.
  if (!record.draining_untold) {
    record.SetDraining(result.draining(), /*untold=*/false);
  }
  record.resource.clear_failure();
  record.resource.clear_conditions();
  if (record.damage.any()) ShowDamage(record);
  Begun begun;
  begun.gofer_generation = record.gofer.generation;
  begun.was_imported = std::exchange(record.link.state_imported, true);
  if (begun.was_imported) {
    begun.strays = restoration_.CompareConnections(lock, record, result);
    return begun;
  }
  if (!record.was_created()) DescribeAdoptedServer(result, record);
  if (!record.damage.bootstrap.empty()) TakeLimits(result, record);
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
  restoration_.TellDraining(server, link);
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
  if (!begun->was_imported && adopted.result.lists_left_out()) {
    // Behind the gofers that are still to be known again.
    threads_.adopters().Post([this, server] { ImportEnded(server); });
  }
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
