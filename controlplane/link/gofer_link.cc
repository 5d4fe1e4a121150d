#include "controlplane/link/gofer_link.h"

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"

namespace goferd::link {
namespace {

using errors::Reason;

constexpr int kRetryMs = 500;
// A call that has this part of the control timeout counts as a whole one:
// whoever asks many gofers gets to each a moment after the start.
constexpr double kMostOfIt = 0.9;

}  // namespace

absl::StatusOr<worker::v1::Response> GoferLink::AskFor(
    absl::Duration timeout, worker::v1::ToGofer request,
    std::span<const int> fds) {
  const absl::Status silent = errors::Error(
      Reason::GOFER_UNREACHABLE, "the gofer has not answered for a while");
  const auto out_of_time = timeout < kMostOfIt * timeout_
                               ? worker::GoferClient::OutOfTime::kIsNothing
                               : worker::GoferClient::OutOfTime::kIsSilence;
  auto answer =
      answers() ? client_->Ask(std::move(request), fds, timeout, out_of_time)
                : absl::StatusOr<worker::v1::Response>(silent);
  if (errors::ReasonOf(answer.status()) != Reason::GOFER_UNREACHABLE) {
    return answer;
  }
  return errors::ErrorWithRetry(
      Reason::GOFER_UNREACHABLE,
      absl::StrCat(server_name_, ": ", answer.status().message(),
                   "; its connections may go on: try again later"),
      kRetryMs, {{"resource", server_name_}});
}

}  // namespace goferd::link
