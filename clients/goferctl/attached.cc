#include "clients/goferctl/attached.h"

#include "absl/strings/str_cat.h"
#include "clients/admin/attach_client.h"
#include "clients/admin/request_id.h"
#include "goferd/admin/v1/connection_service.pb.h"

namespace goferctl {
namespace {

using namespace goferd::admin::v1;  // NOLINT: the API's own names.
namespace methods = goferd::client::methods;

absl::StatusOr<BatchStartConnectionsResponse> Start(
    const Context& context, Node& node, const std::string& server,
    const StartFlags& flags, const std::vector<Mount>& mounts,
    AttachMode mode) {
  BatchStartConnectionsRequest request;
  request.set_parent(server);
  for (const Mount& mount : mounts) {
    auto* const one = request.add_requests();
    *one = StartRequest(flags, mount.id, mount.path);
    one->set_attach_mode(mode);
  }
  auto started = node.client->Call(methods::kBatchStartConnections, request,
                                   context.call_options());
  if (started.ok() &&
      started->responses_size() != static_cast<int>(mounts.size())) {
    return absl::InternalError(
        "goferd answered another number of connections than were asked for");
  }
  return started;
}

}  // namespace

std::string TemporaryId() {
  return absl::StrCat("goferctl-", goferd::client::NewIdSuffix());
}

absl::StatusOr<std::vector<gofer::base::UniqueFd>> StartAndAttach(
    const Context& context, Node& node, const std::string& server,
    const StartFlags& flags, const std::vector<Mount>& mounts) {
  const auto started =
      Start(context, node, server, flags, mounts, ATTACH_MODE_TAKE);
  if (!started.ok()) return started.status();
  std::vector<std::string> tickets;
  for (const StartConnectionResponse& one : started->responses()) {
    tickets.push_back(one.ticket().ticket());
  }
  return goferd::client::AttachClient(
             started->responses(0).ticket().attach_socket_path(),
             context.call_options().timeout)
      .Take(tickets);
}

absl::StatusOr<std::vector<std::string>> StartAndListen(
    const Context& context, Node& node, const std::string& server,
    const StartFlags& flags, const std::vector<Mount>& mounts) {
  const auto started =
      Start(context, node, server, flags, mounts, ATTACH_MODE_LISTEN);
  if (!started.ok()) return started.status();
  std::vector<std::string> paths;
  for (const StartConnectionResponse& one : started->responses()) {
    paths.push_back(one.ticket().attach_socket_path());
  }
  return paths;
}

}  // namespace goferctl
