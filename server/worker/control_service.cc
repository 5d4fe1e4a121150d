#include "server/worker/control_service.h"

#include <sys/resource.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/base/log.h"
#include "server/control/bounds.h"
#include "server/control/versions.h"
#include "server/worker/failure.h"
#include "server/worker/fd_shares.h"
#include "server/worker/new_connection.h"
#include "server/worker/protocol_translation.h"
#include "server/worker/rule_translation.h"
#include "server/worker/stats_translation.h"

namespace gofer::worker {
namespace {

namespace v1 = ::goferd::worker::v1;

// Puts a result or the failure into the response.
template <typename T, typename Field>
void Put(FailureOr<T> result, v1::Response& response, Field field) {
  if (!result.ok()) {
    *response.mutable_failure() = result.failure();
    return;
  }
  *(response.*field)() = std::move(*result);
}

void Fail(v1::Response& response, Failure::Code code, absl::string_view text) {
  *response.mutable_failure() = MakeFailure(code, text);
}

}  // namespace

size_t ControlService::FdCount(const Message& message) {
  return message.has_attach_connection() ? 1 : 0;
}

std::optional<v1::Capability> ControlService::MissingCapability(
    const Message& message) const {
  v1::Capability needed;
  switch (message.request_case()) {
    case Message::kStartConnection:
    case Message::kAttachConnection:
      needed = v1::CAPABILITY_NEW_CONNECTIONS;
      break;
    case Message::kSetLimits:
      needed = v1::CAPABILITY_LIMITS;
      break;
    default:
      return std::nullopt;
  }
  if (control::HasCapability(facts_.adopt.bootstrap().party(), needed)) {
    return std::nullopt;
  }
  return needed;
}

std::optional<v1::Response> ControlService::Serve(ControlRequest request) {
  const Message& message = request.message;
  Response response;
  response.set_request_id(message.request_id());
  if (request.fds.size() != FdCount(message)) {
    Fail(response, Failure::MALFORMED,
         absl::StrCat("the request comes with ", request.fds.size(),
                      " descriptors in place of ", FdCount(message)));
  } else if (const auto missing = MissingCapability(message)) {
    Fail(response, Failure::UNSUPPORTED,
         absl::StrCat("this gofer does not have ",
                      v1::Capability_Name(*missing)));
  } else {
    Dispatch(message, request.fds, response);
  }
  if (message.has_shutdown() && !response.has_failure()) return std::nullopt;
  return response;
}

void ControlService::Dispatch(const Message& message,
                              std::vector<base::UniqueFd>& fds,
                              Response& response) {
  switch (message.request_case()) {
    case Message::kStartConnection:
      StartConnection(message.start_connection(), response);
      break;
    case Message::kAttachConnection:
      Put(connections_.Attach(message.attach_connection(), std::move(fds[0])),
          response, &Response::mutable_connection);
      break;
    case Message::kStopConnection:
      Put(connections_.Stop(message.stop_connection()), response,
          &Response::mutable_connection);
      break;
    case Message::kSetConnectionData:
      Put(connections_.SetData(message.set_connection_data()), response,
          &Response::mutable_connection);
      break;
    case Message::kListConnections:
      *response.mutable_connections() =
          connections_.List(message.list_connections());
      break;
    case Message::kCountConnections:
      *response.mutable_connection_count() = connections_.Count();
      break;
    case Message::kGetStats:
      GetStats(message.get_stats(), response);
      break;
    case Message::kListInflight:
      *response.mutable_inflight() =
          connections_.Inflight(message.list_inflight().min_age_ns());
      break;
    case Message::kListHandlers:
      *response.mutable_handlers() = ListHandlers(book_);
      break;
    case Message::kSetHandlers:
      Put(SetHandlers(message.set_handlers(), book_), response,
          &Response::mutable_handlers);
      break;
    case Message::kListRules:
      *response.mutable_rules() = ListRules(message.list_rules(), book_);
      break;
    case Message::kChangeRules:
      Put(ChangeRules(message.change_rules(), book_), response,
          &Response::mutable_rules);
      break;
    case Message::kSetDraining:
      SetDraining(message.set_draining().draining());
      break;
    case Message::kSetLimits:
      SetLimits(message.set_limits().limits(), response);
      break;
    case Message::kSetLogLevel:
      SetLogLevel(message.set_log_level().log_level(), response);
      break;
    case Message::kSetDaemonData:
      SetDaemonData(message.set_daemon_data().daemon_data(), response);
      break;
    case Message::kShutdown:
      Shutdown(message, response);
      break;
    case Message::kBootstrap:
    case Message::kAdopt:
      Fail(response, Failure::WRONG_STATE,
           "the gofer has a server: Bootstrap and Adopt can only be the first "
           "request on a socket");
      break;
    case Message::REQUEST_NOT_SET:
      Fail(response, Failure::UNSUPPORTED,
           "ToGofer.request is not known to this gofer");
      break;
  }
}

v1::AdoptResult ControlService::Adopt(const v1::Party& goferd,
                                      uint64_t event_number) const {
  v1::AdoptResult result = facts_.adopt;
  result.set_event_number(event_number);
  result.set_lists_left_out(
      control::HasCapability(goferd, v1::CAPABILITY_PAGES));
  if (result.lists_left_out()) return result;
  v1::ConnectionList connections = connections_.List({});
  result.mutable_connections()->Swap(connections.mutable_connections());
  v1::RuleList rules = ListRules({}, book_);
  result.mutable_rules()->Swap(rules.mutable_rules());
  return result;
}

void ControlService::StartConnection(const v1::StartConnection& request,
                                     Response& response) {
  Put(MakeConnection(request, facts_, server_, connections_), response,
      &Response::mutable_connection);
}

void ControlService::GetStats(const v1::GetStats& request,
                              Response& response) const {
  v1::StatsList& list = *response.mutable_stats();
  switch (request.target_case()) {
    case v1::GetStats::kServerTotal:
      *list.add_stats() = StatsOf(server_);
      return;
    case v1::GetStats::kEveryConnection:
      list = connections_.AllStats(request.every_connection());
      return;
    case v1::GetStats::kConnectionUid:
      if (auto stats = connections_.StatsOf(request.connection_uid())) {
        *list.add_stats() = *std::move(stats);
        return;
      }
      response.clear_result();
      Fail(response, Failure::NOT_FOUND,
           absl::StrCat("no connection ", request.connection_uid()));
      return;
    case v1::GetStats::TARGET_NOT_SET:
      response.clear_result();
      Fail(response, Failure::MALFORMED, "GetStats.target is not set");
      return;
  }
}

void ControlService::SetDraining(bool draining) {
  facts_.adopt.set_draining(draining);
  if (draining) connections_.ForgetCreated();
}

void ControlService::SetLimits(const v1::ServerLimits& limits,
                               Response& response) {
  if (!AreSane(limits)) {
    return Fail(response, Failure::MALFORMED,
                absl::StrCat("SetLimits.limits", kLimitBounds));
  }
  rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limits.max_fds();
    if (limit.rlim_cur <= limit.rlim_max &&
        ::setrlimit(RLIMIT_NOFILE, &limit) == 0) {
      const FdShares shares = FdShares::Of(
          limits.max_fds(), limits.max_connections(), limits.max_channels());
      server_.SetMaxChannels(shares.channels);
      server_.ShareFds(shares.assured, shares.pooled);
      *facts_.adopt.mutable_limits() = limits;
      return;
    }
  }
  *response.mutable_failure() = HostFailure(
      "fd-limit",
      absl::StrCat("SetLimits.limits.max_fds of ", limits.max_fds(),
                   ": the hard limit of RLIMIT_NOFILE is ", limit.rlim_max),
      base::Errno(EPERM));
}

void ControlService::SetLogLevel(v1::LogLevel level, Response& response) {
  const auto word = ToLogLevel(level);
  if (!word) {
    return Fail(response, Failure::MALFORMED,
                "SetLogLevel.log_level is unspecified or not known");
  }
  base::SetLogLevel(*word);
}

void ControlService::SetDaemonData(const std::string& data,
                                   Response& response) {
  if (data.size() > control::kMostServerData) {
    return Fail(response, Failure::MALFORMED,
                "SetDaemonData.daemon_data is longer than 64 KiB");
  }
  facts_.adopt.set_daemon_data(data);
}

void ControlService::Shutdown(const Message& message, Response& response) {
  const v1::Shutdown& request = message.shutdown();
  if (!request.has_close_timeout_ns() && connections_.live_count() > 0) {
    return Fail(response, Failure::WRONG_STATE,

                absl::StrCat("there are ", connections_.live_count(),
                             " connections, and close_timeout_ns is not set"));
  }
  shutdown_ = {.request_id = message.request_id(),
               .close_timeout_ns = request.close_timeout_ns()};
}

}  // namespace gofer::worker
