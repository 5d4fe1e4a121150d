#include "controlplane/gofers/gofer_starter.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "controlplane/names/resource_name.h"
#include "controlplane/translate/time_conversion.h"
#include "goferd/state/v1/state.pb.h"
#include "goferd/worker/v1/frame.pb.h"
#include "server/control/versions.h"

#ifndef GOFERD_VERSION
#error "the build defines GOFERD_VERSION"
#endif

namespace goferd::gofers {
namespace {

worker::v1::IdRange ToWorker(const admin::IdRange& range) {
  worker::v1::IdRange to;
  to.set_host_id(range.host_id());
  to.set_sandbox_id(range.sandbox_id());
  to.set_count(range.count());
  return to;
}

worker::v1::ServerOptions ToWorker(const admin::ServerOptions& options) {
  worker::v1::ServerOptions to;
  to.set_walk_stat_supported(options.walk_stat_supported());
  to.set_set_attr_on_deleted(options.set_attr_on_deleted());
  to.set_allocate_on_deleted(options.allocate_on_deleted());
  if (options.has_open_on_deleted()) {
    to.set_open_on_deleted(options.open_on_deleted());
  }
  return to;
}

worker::v1::SandboxMode ToWorker(admin::Server::SandboxMode mode) {
  switch (mode) {
    case admin::Server::STRICT:
      return worker::v1::SANDBOX_MODE_STRICT;
    case admin::Server::UNCONFINED:
      return worker::v1::SANDBOX_MODE_UNCONFINED;
    default:
      return worker::v1::SANDBOX_MODE_FULL;
  }
}

// `failure`, with how the gofer ended.
absl::Status Explain(const absl::Status& failure,
                     process::GoferProcess& process) {
  const process::GoferExit end = process.End();
  std::string text(failure.message());
  if (end.exit_code) absl::StrAppend(&text, "; exit code ", *end.exit_code);
  absl::Status explained(failure.code(), text);
  failure.ForEachPayload(
      [&explained](absl::string_view type, const absl::Cord& payload) {
        explained.SetPayload(type, payload);
      });
  return explained;
}

}  // namespace

worker::v1::Party OwnParty() {
  worker::v1::Party party;
  party.set_min_protocol_version(gofer::control::kMinProtocolVersion);
  party.set_max_protocol_version(gofer::control::kMaxProtocolVersion);
  party.set_release(GOFERD_VERSION);
  party.add_capabilities(worker::v1::CAPABILITY_EVENTS);
  party.add_capabilities(worker::v1::CAPABILITY_PAGES);
  return party;
}

worker::v1::ServerLimits ToWorker(const admin::ServerLimits& limits) {
  worker::v1::ServerLimits to;
  to.set_max_connections(static_cast<uint32_t>(limits.max_connections()));
  to.set_max_fds(static_cast<uint32_t>(limits.max_fds()));
  to.set_max_channels(static_cast<uint32_t>(limits.max_channels()));
  return to;
}

worker::v1::Bootstrap MakeBootstrap(const Settings& settings, const Host& host,
                                    const model::ServerRecord& server) {
  const admin::Server& resource = server.resource;
  worker::v1::Bootstrap bootstrap;
  *bootstrap.mutable_party() = OwnParty();
  bootstrap.set_server_id(server.id);
  bootstrap.set_server_uid(resource.uid());
  bootstrap.set_root(server.resolved_root);
  *bootstrap.mutable_options() = ToWorker(resource.options());
  *bootstrap.mutable_limits() = ToWorker(resource.limits());
  if (resource.has_id_map()) {
    for (const auto& range : resource.id_map().uid_ranges()) {
      *bootstrap.mutable_id_map()->add_uid_ranges() = ToWorker(range);
    }
    for (const auto& range : resource.id_map().gid_ranges()) {
      *bootstrap.mutable_id_map()->add_gid_ranges() = ToWorker(range);
    }
  }
  bootstrap.set_sandbox_mode(ToWorker(resource.sandbox_mode()));
  bootstrap.set_log_level(
      static_cast<worker::v1::LogLevel>(host.gofer_log_level.load()));
  bootstrap.set_stall_threshold_ns(
      absl::ToInt64Nanoseconds(settings.stall_threshold()));
  bootstrap.set_ended_retention_ns(
      absl::ToInt64Nanoseconds(settings.ended_retention()));
  state::v1::ServerState kept;
  *kept.mutable_server() = resource;
  kept.set_resolved_root(server.resolved_root);
  kept.set_draining(server.draining);
  if (!server.request.request_id().empty()) {
    *kept.mutable_request() = server.request;
  }
  bootstrap.set_daemon_data(kept.SerializeAsString());
  return bootstrap;
}

absl::StatusOr<std::shared_ptr<process::GoferProcess>>
GoferStarter::TakeOrSpawn(const std::string& server_id) {
  if (absl::Status made = host_.state.MakeServer(server_id); !made.ok()) {
    return made;
  }
  if (auto warm = warm_.Take(server_id)) return warm;
  auto listener = host_.state.ListenControl(server_id);
  if (!listener.ok()) return listener.status();
  auto log = host_.logs.Make(server_id);
  if (!log.ok()) return log.status();
  process::GoferProcess::Options options = host_.process_options();
  options.log = log->get();
  auto process = process::GoferProcess::Spawn(options, *std::move(listener));
  if (!process.ok()) return process;
  // A goferd that comes after us knows it by this, whatever becomes of us.
  absl::Status kept =
      host_.state.WriteServerFile(server_id, "pid", (*process)->IdentityText());
  if (!kept.ok()) return Explain(kept, **process);
  return process;
}

absl::StatusOr<StartedGofer> GoferStarter::Connect(
    const std::string& server_id,
    std::shared_ptr<process::GoferProcess> process,
    worker::GoferClient::Callbacks callbacks) {
  auto client =
      worker::GoferClient::Connect(host_.state.ControlPath(server_id),
                                   threads_.loop(), std::move(callbacks));
  if (!client.ok()) return Explain(client.status(), *process);
  StartedGofer started;
  started.process = std::move(process);
  started.link =
      host_.links.Make(*std::move(client), settings_.control_timeout(),
                       names::FormatServerName(server_id));
  return started;
}

absl::Status GoferStarter::Bootstrap(const worker::v1::Bootstrap& bootstrap,
                                     std::span<const int> fds,
                                     StartedGofer& gofer) {
  worker::v1::ToGofer ask;
  *ask.mutable_bootstrap() = bootstrap;
  auto answer =
      gofer.link->AskFor(settings_.start_timeout(), std::move(ask), fds);
  if (!answer.ok()) return Explain(answer.status(), *gofer.process);
  gofer.result = std::move(*answer->mutable_bootstrap());
  absl::Status kept = host_.state.WriteServerFile(
      bootstrap.server_id(), "bootstrap.pb", bootstrap.SerializeAsString());
  return kept.ok() ? kept : Explain(kept, *gofer.process);
}

absl::StatusOr<StartedGofer> GoferStarter::Start(
    const std::string& server_id, const worker::v1::Bootstrap& bootstrap,
    std::span<const int> fds, int64_t max_memory_bytes,
    worker::GoferClient::Callbacks callbacks) {
  auto process = TakeOrSpawn(server_id);
  if (!process.ok()) return process.status();
  (*process)->Confine({.server_id = server_id,
                       .cgroup_parent = host_.cgroup_parent,
                       .max_memory_bytes = max_memory_bytes});
  auto started = Connect(server_id, *std::move(process), std::move(callbacks));
  if (started.ok()) {
    const absl::Status serves = Bootstrap(bootstrap, fds, *started);
    if (serves.ok()) {
      warm_.Proven();
    } else {
      started = serves;
    }
  }
  // Now, so as not to be in the way of the one that a caller waits for.
  warm_.Refill();
  return started;
}

}  // namespace goferd::gofers
