#include "clients/goferctl/event_stream.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "goferd/admin/v1/event_service.pb.h"
#include "grpcpp/client_context.h"

namespace goferctl {
namespace {

using goferd::admin::v1::Event;
using goferd::admin::v1::WatchEventsRequest;
using goferd::admin::v1::WatchEventsResponse;
using Take = std::function<bool(const Event&)>;

// Follows one stream. When goferd ends it with an OVERFLOW, `*resume_token` is
// where the next stream goes on.
absl::Status FollowOnce(Interruption& interruption, Node& node,
                        const WatchEventsRequest& request, absl::Time deadline,
                        const Take& take,
                        std::optional<std::string>* resume_token) {
  grpc::ClientContext call;
  const Interruption::Cancellable cancellable(interruption, call);
  if (deadline != absl::InfiniteFuture()) {
    call.set_deadline(absl::ToChronoTime(deadline));
  }
  const auto take_all = [&](const WatchEventsResponse& response) {
    for (const Event& event : response.events()) {
      if (event.type() == Event::OVERFLOW) {
        *resume_token = event.resume_token();
        return false;
      }
      if (!take(event)) return false;
    }
    return true;
  };
  absl::Status status = node.client->WatchEvents(call, request, take_all);
  return interruption.came() ? absl::OkStatus() : status;
}

}  // namespace

absl::Status FollowEvents(const Context& context, Interruption& interruption,
                          Node& node, WatchEventsRequest request,
                          const Take& take) {
  const absl::Time deadline = absl::Now() + context.long_call_options().timeout;
  while (true) {
    std::optional<std::string> resume_token;
    absl::Status status =
        FollowOnce(interruption, node, request, deadline, take, &resume_token);
    if (!resume_token.has_value()) return status;
    request.set_resume_token(*resume_token);
    request.set_include_initial_state(false);
  }
}

std::string EventFilter(absl::string_view kind, absl::string_view filter) {
  const std::string of_kind = absl::StrCat("kind = \"", kind, "\"");
  if (filter.empty()) return of_kind;
  return absl::StrCat(of_kind, " AND (", filter, ")");
}

std::string TypeOf(const Event& event) {
  return Event::Type_Name(event.type());
}

}  // namespace goferctl
