#include "clients/goferctl/fan_out.h"

#include <algorithm>
#include <ostream>

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
  std::vector<Thread> threads;
  for (size_t i = 0; i < nodes.size(); ++i) {
    auto thread =
        Thread::Start("ask-node", [&, i] { statuses[i] = ask(i, nodes[i]); });
    if (!thread.ok()) {
      statuses[i] = absl::ErrnoToStatus(thread.error().number(), "thread");
      continue;
    }
    threads.push_back(*std::move(thread));
  }
  for (Thread& thread : threads) thread.Join();
  for (size_t i = 0; i < nodes.size(); ++i) {
    if (statuses[i].ok()) continue;
    context.err() << ErrorText(statuses[i], nodes[i].name);
  }
  return Combine(statuses);
}

}  // namespace goferctl
