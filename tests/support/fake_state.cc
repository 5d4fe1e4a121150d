#include "tests/support/fake_state.h"

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

}  // namespace

void FakeState::SetConnectionState(absl::string_view server_id,
                                   absl::string_view connection_id,
                                   Connection::State state) {
  MutexLock lock(mu);
  Connection& connection =
      connections.at(names::FormatConnectionName(server_id, connection_id));
  connection.set_state(state);
  Touch(connection);
  Publish(Event::MODIFIED, connection);
}

absl::Status FakeState::StartChange() {
  if (shut_down) return Error(Reason::SHUTTING_DOWN, "goferd is going down");
  if (!next_failure) return absl::OkStatus();
  absl::Status failure = *std::exchange(next_failure, std::nullopt);
  return failure;
}

absl::Status FakeState::CheckServer(absl::string_view id,
                                    absl::string_view etag) const {
  const auto it = servers.find(std::string(id));
  if (it == servers.end()) {
    return Error(Reason::SERVER_NOT_FOUND, "no such server",
                 {{"resource", names::FormatServerName(id)}});
  }
  return CheckEtag(etag, it->second.server.etag());
}

std::string FakeState::NextUid() { return absl::StrCat("uid-", ++last_uid); }

void FakeState::Publish(Event::Type type, const Server& server) {
  Event event;
  event.set_type(type);
  *event.mutable_server() = server;
  events.Publish(std::move(event));
}

void FakeState::Publish(Event::Type type, const Connection& connection) {
  Event event;
  event.set_type(type);
  *event.mutable_connection() = connection;
  events.Publish(std::move(event));
}

void FakeState::Publish(Event::Type type, const HandlerRule& rule) {
  Event event;
  event.set_type(type);
  *event.mutable_handler_rule() = rule;
  events.Publish(std::move(event));
}

int64_t FakeState::CountActive(absl::string_view server_id) const {
  int64_t count = 0;
  for (const auto& [name, connection] : connections) {
    if (IsUnder(name, names::ServerScope(std::string(server_id))) &&
        IsActive(connection))
      ++count;
  }
  return count;
}

}  // namespace goferd::testing
