// Calls of the ServerService that answer a server.

#ifndef GOFERD_CLIENTS_GOFERCTL_SERVER_CALL_H_
#define GOFERD_CLIENTS_GOFERCTL_SERVER_CALL_H_

#include <CLI/CLI.hpp>
#include <string>

#include "absl/status/status.h"
#include "clients/admin/call.h"
#include "clients/goferctl/context.h"
#include "clients/goferctl/output.h"
#include "clients/goferctl/server_view.h"

namespace goferctl {

// The positional SERVER.
inline void DeclareServerName(CLI::App& app, std::string& name) {
  app.add_option("SERVER", name, "The server's id")->required();
}

// Calls `method` of the only node and prints what it answers.
template <class Request>
absl::Status CallServer(
    Context& context,
    grpc::Status (goferd::admin::v1::ServerService::Stub::*method)(
        grpc::ClientContext*, const Request&, goferd::admin::v1::Server*),
    const Request& request, const goferd::client::CallOptions& options) {
  const auto node = context.OneNode();
  if (!node.ok()) return node.status();
  const auto server =
      goferd::client::Call(node->client->servers(), method, request, options);
  if (!server.ok()) return server.status();
  Print(context, ServerView(), *server);
  return absl::OkStatus();
}

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_SERVER_CALL_H_
