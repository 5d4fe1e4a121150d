#include "tests/support/fake_handlers.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "goferd/admin/v1/handler_service.pb.h"

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

bool IsFault(const HandlerRule& rule) {
  switch (rule.action_case()) {
    case HandlerRule::kError:
    case HandlerRule::kDelay:
    case HandlerRule::kShortIo:
    case HandlerRule::kDisconnect:
    case HandlerRule::kHang:
      return true;
    default:
      return false;
  }
}

}  // namespace

absl::StatusOr<std::vector<admin::v1::Handler>> FakeHandlers::List(
    absl::string_view server_id) {
  MutexLock lock(state_.mu);
  if (auto status = state_.CheckServer(server_id, ""); !status.ok())
    return status;
  std::vector<admin::v1::Handler> handlers;
  for (const auto& [mid, handler] :
       state_.servers.at(std::string(server_id)).handlers) {
    handlers.push_back(handler);
  }
  return handlers;
}

absl::StatusOr<admin::v1::SetHandlersResponse> FakeHandlers::Set(
    absl::string_view server_id, absl::string_view,
    const std::vector<admin::v1::HandlerAssignment>& assignments, Effect effect,
    supervisor::Escapes escapes) {
  {
    MutexLock lock(state_.mu);
    state_.escapes = escapes;
    if (auto status = state_.StartChange(); !status.ok()) return status;
    if (auto s = state_.CheckServer(server_id, ""); !s.ok()) return s;
    if (effect == Effect::kReal) {
      ++state_.changes;
      for (auto& [mid, handler] :
           state_.servers.at(std::string(server_id)).handlers) {
        handler.set_supported(false);
        for (const auto& assignment : assignments) {
          if (assignment.mid() != handler.mid()) continue;
          handler.set_supported(true);
          handler.set_implementation(assignment.implementation());
        }
      }
    }
  }
  const auto handlers = List(server_id);
  if (!handlers.ok()) return handlers.status();
  admin::v1::SetHandlersResponse response;
  response.mutable_handlers()->Assign(handlers->begin(), handlers->end());
  return response;
}

absl::StatusOr<admin::v1::ResetHandlersResponse> FakeHandlers::Reset(
    absl::string_view server_id, absl::string_view,
    admin::v1::ResetHandlersRequest::Scope scope, Effect effect) {
  MutexLock lock(state_.mu);
  if (auto status = state_.StartChange(); !status.ok()) return status;
  if (auto status = state_.CheckServer(server_id, ""); !status.ok())
    return status;
  admin::v1::ResetHandlersResponse response;
  for (auto it = state_.rules.begin(); it != state_.rules.end();) {
    if (!IsUnder(it->first, names::ServerScope(std::string(server_id))) ||
        (scope == admin::v1::ResetHandlersRequest::FAULTS &&
         !IsFault(it->second))) {
      ++it;
      continue;
    }
    response.add_removed_handler_rules(it->first);
    if (effect == Effect::kValidateOnly) {
      ++it;
      continue;
    }
    ++state_.changes;
    state_.Publish(Event::DELETED, it->second);
    it = state_.rules.erase(it);
  }
  return response;
}

}  // namespace goferd::testing
