#include "clients/goferctl/fan_out.h"

#include <algorithm>
#include <utility>

#include "clients/goferctl/error_text.h"
#include "clients/goferctl/exit_code.h"
#include "server/base/thread.h"

namespace goferctl {
namespace {

using gofer::base::Thread;

bool IsUnreachable(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
}

absl::Status Combine(const std::vector<absl::Status>& statuses) {
  const auto failed = [](const absl::Status& status) {
    return !status.ok() && !IsUnreachable(status);
  };
  const auto worst = std::find_if(statuses.begin(), statuses.end(), failed);
  if (worst != statuses.end()) return Reported(*worst);
  const bool one_answered =
      std::any_of(statuses.begin(), statuses.end(),
                  [](const absl::Status& status) { return status.ok(); });
  return one_answered ? absl::OkStatus() : Reported(statuses.front());
}

}  // namespace

absl::Status RunOnAll(
    Context& context, std::vector<Node>& nodes,
    const std::function<absl::Status(size_t index, Node& node)>& ask) {
  if (nodes.size() == 1) return ask(0, nodes.front());
  std::vector<absl::Status> statuses(nodes.size());
  // A failure is told at once: the other nodes may be watched for hours.
  const auto take = [&](size_t i, absl::Status status) {
    if (!status.ok()) context.Tell(ErrorText(status, nodes[i].name));
    statuses[i] = std::move(status);
  };
  std::vector<Thread> threads;
  for (size_t i = 0; i < nodes.size(); ++i) {
    auto thread =
        Thread::Start("ask-node", [&, i] { take(i, ask(i, nodes[i])); });
    if (!thread.ok()) {
      take(i, absl::ErrnoToStatus(thread.error().number(),
                                  "cannot start a thread"));
      continue;
    }
    threads.push_back(*std::move(thread));
  }
  for (Thread& thread : threads) thread.Join();
  return Combine(statuses);
}

}  // namespace goferctl
