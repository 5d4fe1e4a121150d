// FanOut: one question to several nodes at the same time.

#ifndef GOFERD_CLIENTS_GOFERCTL_FAN_OUT_H_
#define GOFERD_CLIENTS_GOFERCTL_FAN_OUT_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/goferctl/context.h"

namespace goferctl {

// Runs `ask` for each of `nodes`, each on a thread of its own, and waits for
// all. A single node's status is returned as it is. With several nodes, stderr
// names each node that failed, with its failure, at once. The result is then
// the first failure that is not UNAVAILABLE or DEADLINE_EXCEEDED; else OK when
// at least one node answered, and any failure when none did.
absl::Status RunOnAll(
    Context& context, std::vector<Node>& nodes,
    const std::function<absl::Status(size_t index, Node& node)>& ask);

// Asks all nodes of the context, and gives the answers to `take` in the order
// of the endpoints. `ask` is called on several threads at the same time. The
// result is that of RunOnAll.
template <class Response>
absl::Status FanOut(
    Context& context,
    const std::function<absl::StatusOr<Response>(Node& node)>& ask,
    const std::function<void(const Node& node, const Response&)>& take) {
  auto nodes = context.AllNodes();
  if (!nodes.ok()) return nodes.status();
  std::vector<absl::StatusOr<Response>> responses(nodes->size());
  const absl::Status status =
      RunOnAll(context, *nodes, [&](size_t index, Node& node) {
        responses[index] = ask(node);
        return responses[index].status();
      });
  for (size_t i = 0; i < responses.size(); ++i) {
    if (responses[i].ok()) take((*nodes)[i], *responses[i]);
  }
  return status;
}

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_FAN_OUT_H_
