// Calls of the ServerService whose answer is a server.

#ifndef GOFERD_CLIENTS_GOFERCTL_SERVER_CALL_H_
#define GOFERD_CLIENTS_GOFERCTL_SERVER_CALL_H_

#include <string>
#include <type_traits>

#include "absl/status/status.h"
#include "clients/admin/admin_client.h"
#include "clients/goferctl/context.h"
#include "clients/goferctl/option.h"
#include "clients/goferctl/output.h"
#include "clients/goferctl/server_view.h"
#include "goferd/admin/v1/server_service.pb.h"

namespace goferctl {

// Declares the argument SERVER.
inline void DeclareServerName(CLI::App& app, std::string& name) {
  DeclareArgument(app, "SERVER", name, "The server's id");
}

// Calls `method` of the only node and prints the server that it answers.
template <class Request>
absl::Status CallServer(
    Context& context,
    const goferd::client::Method<Request, goferd::admin::v1::Server>& method,
    const std::type_identity_t<Request>& request,
    const goferd::client::CallOptions& options) {
  const auto node = context.OneNode();
  if (!node.ok()) return node.status();
  const auto server = node->client->Call(method, request, options);
  if (!server.ok()) return server.status();
  Print(context, ServerView(), *server);
  return absl::OkStatus();
}

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_SERVER_CALL_H_
