#include "clients/goferctl/context.h"

#include <ostream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "clients/admin/endpoint.h"
#include "clients/goferctl/exit_code.h"

namespace goferctl {

using goferd::client::AdminClient;
using goferd::client::CallOptions;
using goferd::client::Endpoint;

absl::StatusOr<Node> Context::MakeNode(const std::string& endpoint) const {
  const auto parsed = Endpoint::Parse(endpoint, flags_.tls);
  if (!parsed.ok()) return UsageError(parsed.status().message());
  auto client = AdminClient::Make(*parsed);
  if (!client.ok()) return client.status();
  return Node{endpoint, *std::move(client)};
}

absl::StatusOr<Node> Context::OneNode() const {
  if (has_several_nodes()) {
    return UsageError(
        "this command works on one node: give a single --endpoint");
  }
  if (!flags_.endpoints.empty()) return MakeNode(flags_.endpoints.front());
  if (!flags_.endpoint.empty()) return MakeNode(flags_.endpoint);
  if (!environment_.endpoint.empty()) return MakeNode(environment_.endpoint);
  return MakeNode(std::string(goferd::client::kDefaultEndpoint));
}

absl::StatusOr<std::vector<Node>> Context::AllNodes() const {
  if (flags_.endpoints.size() > kMaxNodes) {
    return UsageError(
        absl::StrCat("--endpoints has more than ", kMaxNodes, " endpoints"));
  }
  std::vector<Node> nodes;
  if (!has_several_nodes()) {
    auto node = OneNode();
    if (!node.ok()) return node.status();
    nodes.push_back(*std::move(node));
    return nodes;
  }
  for (const std::string& endpoint : flags_.endpoints) {
    auto node = MakeNode(endpoint);
    if (!node.ok()) return node.status();
    nodes.push_back(*std::move(node));
  }
  return nodes;
}

void Context::Tell(absl::string_view text) const {
  const gofer::base::MutexLock lock(mu_);
  environment_.err << text << std::flush;
}

CallOptions Context::call_options() const {
  CallOptions options;
  if (!flags_.timeout.empty()) options.timeout = DurationOf(flags_.timeout);
  return options;
}

CallOptions Context::long_call_options() const {
  CallOptions options;
  options.timeout = flags_.timeout.empty() ? absl::InfiniteDuration()
                                           : DurationOf(flags_.timeout);
  return options;
}

}  // namespace goferctl
