#include "clients/goferctl/attached.h"

#include "absl/strings/str_cat.h"
#include "clients/admin/attach_client.h"
#include "clients/admin/call.h"
#include "clients/admin/request_id.h"

namespace goferctl {
namespace {

using namespace goferd::admin::v1;  // NOLINT: the API's own names.

}  // namespace

std::string TemporaryId() {
  return absl::StrCat("goferctl-", goferd::client::NewIdSuffix());
}

absl::StatusOr<std::vector<gofer::base::UniqueFd>> StartAndAttach(
    const Context& context, Node& node, const std::string& server,
    const StartFlags& flags, const std::vector<Mount>& mounts) {
  BatchStartConnectionsRequest request;
  request.set_parent(server);
  for (const Mount& mount : mounts) {
    auto* const one = request.add_requests();
    *one = StartRequest(flags, mount.id, mount.path);
    one->set_attach_mode(ATTACH_MODE_TAKE);
  }
  const auto started =
      goferd::client::Call(node.client->connections(),
                           &ConnectionService::Stub::BatchStartConnections,
                           request, context.call_options());
  if (!started.ok()) return started.status();
  if (started->responses_size() != static_cast<int>(mounts.size())) {
    return absl::InternalError("goferd answered other connections");
  }
  std::vector<std::string> tickets;
  for (const StartConnectionResponse& one : started->responses()) {
    tickets.push_back(one.ticket().ticket());
  }
  return goferd::client::AttachClient(
             started->responses(0).ticket().attach_socket_path(),
             context.call_options().timeout)
      .Take(tickets);
}

}  // namespace goferctl
