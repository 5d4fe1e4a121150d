#include "clients/goferctl/event_stream.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "clients/admin/error_details.h"
#include "grpcpp/client_context.h"

namespace goferctl {
namespace {

using goferd::admin::v1::Event;
using goferd::admin::v1::WatchEventsRequest;
using goferd::admin::v1::WatchEventsResponse;
using Take = std::function<bool(const Event&)>;

// How one stream ended.
struct End {
  absl::Status status;
  // Where to go on; set when it should.
  std::optional<std::string> resume_token;
};

End FollowOnce(Interruption& interruption, Node& node,
               const WatchEventsRequest& request, absl::Time deadline,
               const Take& take) {
  grpc::ClientContext call;
  const Interruption::Cancellable cancellable(interruption, call);
  if (deadline != absl::InfiniteFuture()) {
    call.set_deadline(absl::ToChronoTime(deadline));
  }
  const auto stream = node.client->events().WatchEvents(&call, request);
  WatchEventsResponse response;
  while (stream->Read(&response)) {
    for (const Event& event : response.events()) {
      const bool overflow = event.type() == Event::OVERFLOW;
      if (!overflow && take(event)) continue;
      call.TryCancel();
      stream->Finish();
      if (!overflow) return {absl::OkStatus(), std::nullopt};
      return {absl::OkStatus(), event.resume_token()};
    }
  }
  const grpc::Status status = stream->Finish();
  if (interruption.came()) return {absl::OkStatus(), std::nullopt};
  return {goferd::client::ToAbslStatus(status), std::nullopt};
}

}  // namespace

absl::Status FollowEvents(const Context& context, Interruption& interruption,
                          Node& node, WatchEventsRequest request,
                          const Take& take) {
  const absl::Time deadline = absl::Now() + context.long_call_options().timeout;
  while (true) {
    const End end = FollowOnce(interruption, node, request, deadline, take);
    if (!end.resume_token.has_value()) return end.status;
    request.set_resume_token(*end.resume_token);
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
