#include "controlplane/daemon/admin_server.h"

#include <grpcpp/server_builder.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controlplane/auth/transport_identity.h"
#include "controlplane/config/tcp_address.h"
#include "controlplane/daemon/grpc_limits.h"
#include "controlplane/daemon/listeners.h"
#include "controlplane/daemon/tcp_credentials.h"

namespace goferd::daemon {
namespace {

service::CallGate::Identify IdentifyBy(const auth::RoleBook& roles) {
  return [&roles](const grpc::ServerContextBase& context) {
    return auth::CallerOf(*context.auth_context(), *roles.table());
  };
}

service::LiveCalls LiveCallsOf(service::CallGate& gate,
                               service::Executor& executor,
                               service::StreamRegistry& streams,
                               const supervisor::Node& node) {
  service::LiveCalls live{gate, executor, streams, node};
  // A watch that is ended for its lag can resume: the events are still kept.
  live.max_lag = int64_t{node.config.max_kept_events()} * 3 / 4;
  return live;
}

// A caller may wait for all servers, and leaves as much to others.
service::StreamRegistry::Bounds BoundsOf(
    const config::v1::DaemonConfig& config) {
  service::StreamRegistry::Bounds bounds;
  bounds.waits_of_caller = static_cast<size_t>(config.servers().max_servers());
  bounds.waits = 2 * bounds.waits_of_caller;
  return bounds;
}

}  // namespace

AdminServer::AdminServer(const AdminServerParts& parts)
    : parts_(parts),
      gate_(IdentifyBy(parts.roles), parts.audit),
      streams_(parts.node.events, BoundsOf(parts.node.config)),
      services_(LiveCallsOf(gate_, executor_, streams_, parts.node),
                parts.bodies) {}

absl::StatusOr<std::unique_ptr<AdminServer>> AdminServer::Start(
    const AdminServerParts& parts, std::vector<UdsListener> sockets,
    std::vector<PassedSocket> ports) {
  std::unique_ptr<AdminServer> made(new AdminServer(parts));
  auto status = made->Listen(std::move(sockets), std::move(ports));
  if (!status.ok()) return status;
  return made;
}

absl::Status AdminServer::Listen(std::vector<UdsListener> sockets,
                                 std::vector<PassedSocket> ports) {
  grpc::ServerBuilder builder;
  SetLimits(parts_.node.config.grpc(), builder);
  services_.Register(builder);
  acceptors_ = std::make_unique<PeerAcceptors>(builder, parts_.roles);
  std::vector<PassedPort> taken;
  if (auto status = AddTcp(builder, std::move(ports), &taken); !status.ok()) {
    return status;
  }
  server_ = builder.BuildAndStart();
  for (size_t i = 0; i < ports_.size(); ++i) {
    // gRPC stops at the first port that fails, and tells the reason only in its
    // own log.
    if (ports_[i] != 0) continue;
    return absl::FailedPreconditionError(
        absl::StrCat(addresses_[i],
                     ": cannot be listened at: is the address this host's, and "
                     "the port free?"));
  }
  if (server_ == nullptr) return absl::InternalError("gRPC does not start");
  service::AdminServices::SetServing(*server_, true);
  auto accepting =
      AcceptThread::Start(std::move(sockets), *acceptors_, std::move(taken));
  if (!accepting.ok()) return accepting.status();
  accepting_ = *std::move(accepting);
  return absl::OkStatus();
}

absl::Status AdminServer::AddTcp(grpc::ServerBuilder& builder,
                                 std::vector<PassedSocket> passed,
                                 std::vector<PassedPort>* taken) {
  using Type = grpc::ServerBuilder::experimental_type::ExternalConnectionType;
  const auto& listeners = parts_.node.config.listeners();
  // gRPC writes into the elements when it starts: they must not move.
  ports_.reserve(static_cast<size_t>(listeners.size()));
  for (const config::v1::Listener& listener : listeners) {
    if (!listener.has_tcp()) continue;
    const TlsFiles* tls = nullptr;
    if (listener.tcp().has_tls()) {
      auto opened = TlsFiles::Open(listener.tcp().tls());
      if (!opened.ok()) return opened.status();
      tls = tls_.emplace_back(*std::move(opened)).get();
    }
    const auto credentials = TcpCredentials(listener.tcp(), parts_.roles, tls);
    const std::string& address = listener.tcp().address();
    addresses_.push_back(address);
    const auto found = std::find_if(passed.begin(), passed.end(),
                                    [&address](const PassedSocket& socket) {
                                      return IsAt(socket, address);
                                    });
    if (found != passed.end()) {
      ports_.push_back(config::ParseTcpAddress(address)->port);
      taken->push_back({std::move(found->socket),
                        builder.experimental().AddExternalConnectionAcceptor(
                            Type::FROM_FD, credentials)});
      passed.erase(found);
      continue;
    }
    ports_.push_back(0);
    builder.AddListeningPort(address, credentials, &ports_.back());
  }
  return absl::OkStatus();
}

void AdminServer::RefreshCertificates() {
  for (const auto& tls : tls_) tls->RefreshIfDue();
}

void AdminServer::Shutdown(absl::Duration patience) {
  // Nobody is accepted any more, and the sockets' names are free for the next
  // goferd.
  accepting_.reset();
  if (server_ == nullptr) return;
  services_.ShutDown(*server_, patience);
  server_.reset();
  executor_.Stop();
}

AdminServer::~AdminServer() { Shutdown(absl::ZeroDuration()); }

}  // namespace goferd::daemon
