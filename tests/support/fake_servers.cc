#include "tests/support/fake_servers.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"

namespace goferd::testing {
namespace {

using admin::v1::Connection;
using admin::v1::Event;
using admin::v1::HandlerRule;
using admin::v1::Server;
using errors::Error;
using errors::Reason;
using gofer::base::MutexLock;
using supervisor::Effect;

}  // namespace

absl::StatusOr<Server> FakeServers::Create(absl::string_view id,
                                           const Server& spec, Effect effect,
                                           const state::v1::RequestKey&) {
  MutexLock lock(state_.mu);
  if (auto status = state_.StartChange(); !status.ok()) return status;
  if (state_.servers.count(std::string(id)) > 0) {
    return Error(Reason::SERVER_ALREADY_EXISTS, "there is such a server",
                 {{"resource", names::FormatServerName(id)}});
  }
  Server server = spec;
  server.set_name(names::FormatServerName(id));
  server.set_state(Server::ACTIVE);
  server.set_origin(Server::CREATED);
  if (effect == Effect::kValidateOnly) return server;
  server.set_uid(state_.NextUid());
  state_.Touch(server);
  FakeState::ServerState& state = state_.servers[std::string(id)];
  state.server = server;
  for (const char* mid : {"1", "2", "3"}) {
    admin::v1::Handler handler;
    handler.set_name(absl::StrCat(server.name(), "/handlers/", mid));
    handler.set_mid(static_cast<admin::v1::Mid>(mid[0] - '0'));
    handler.set_supported(true);
    handler.set_implementation("stock");
    handler.add_available_implementations("stock");
    handler.set_etag("table-1");
    state.handlers[mid] = handler;
  }
  state_.Publish(Event::ADDED, server);
  return server;
}

absl::StatusOr<Server> FakeServers::Get(absl::string_view id) const {
  MutexLock lock(state_.mu);
  if (auto status = state_.CheckServer(id, ""); !status.ok()) return status;
  Server server = state_.servers.at(std::string(id)).server;
  server.set_active_connection_count(
      static_cast<int32_t>(state_.CountActive(id)));
  return server;
}

int64_t FakeServers::Visit(absl::string_view after,
                           absl::FunctionRef<bool(const Server&)> visit) const {
  MutexLock lock(state_.mu);
  for (auto it = state_.servers.upper_bound(std::string(after));
       it != state_.servers.end(); ++it) {
    if (!visit(it->second.server)) break;
  }
  return state_.events.revision();
}

absl::StatusOr<Server> FakeServers::Update(
    absl::string_view id, absl::string_view etag, Effect effect,
    supervisor::Escapes escapes,
    absl::FunctionRef<absl::Status(Server&)> change) {
  MutexLock lock(state_.mu);
  state_.escapes = escapes;
  if (auto status = state_.StartChange(); !status.ok()) return status;
  if (auto status = state_.CheckServer(id, etag); !status.ok()) return status;
  Server server = state_.servers.at(std::string(id)).server;
  if (auto status = change(server); !status.ok()) return status;
  if (effect == Effect::kValidateOnly) return server;
  state_.Touch(server);
  state_.servers.at(std::string(id)).server = server;
  state_.Publish(Event::MODIFIED, server);
  return server;
}

absl::Status FakeServers::Delete(absl::string_view id, absl::string_view etag,
                                 supervisor::Force force, Effect effect) {
  MutexLock lock(state_.mu);
  if (auto status = state_.StartChange(); !status.ok()) return status;
  if (auto status = state_.CheckServer(id, etag); !status.ok()) return status;
  if (force == supervisor::Force::kNo && state_.CountActive(id) > 0) {
    return Error(Reason::SERVER_NOT_EMPTY, "the server has connections");
  }
  if (effect == Effect::kValidateOnly) return absl::OkStatus();
  Server server = state_.servers.at(std::string(id)).server;
  server.set_state(Server::STOPPED);
  state_.Touch(server);
  for (auto it = state_.connections.begin(); it != state_.connections.end();) {
    if (IsUnder(it->first, names::ServerScope(std::string(id)))) {
      state_.Publish(Event::DELETED, it->second);
      it = state_.connections.erase(it);
    } else {
      ++it;
    }
  }
  state_.servers.erase(std::string(id));
  state_.Publish(Event::DELETED, server);
  return absl::OkStatus();
}

absl::StatusOr<Server> FakeServers::SetDraining(absl::string_view id,
                                                absl::string_view etag,
                                                bool draining, Effect effect,
                                                supervisor::Escapes escapes) {
  return Update(id, etag, effect, escapes, [draining](Server& server) {
    server.set_state(draining ? Server::DRAINING : Server::ACTIVE);
    return absl::OkStatus();
  });
}

}  // namespace goferd::testing
