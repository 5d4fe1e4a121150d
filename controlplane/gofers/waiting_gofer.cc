#include "controlplane/gofers/waiting_gofer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "controlplane/gofers/gofer_starter.h"
#include "controlplane/worker/gofer_client.h"
#include "goferd/worker/v1/frame.pb.h"

namespace goferd::gofers {
namespace {

absl::StatusOr<worker::v1::Response> AskOnce(event_loop::EventLoop& loop,
                                             const std::string& control_path,
                                             worker::v1::ToGofer request,
                                             absl::Duration timeout) {
  auto client =
      worker::GoferClient::Connect(control_path, loop,
                                   {.on_event = [](const worker::v1::Event&) {},
                                    .on_closed = [](const absl::Status&) {}});
  if (!client.ok()) return client.status();
  return (*client)->Call(std::move(request), {}, timeout);
}

}  // namespace

absl::Status CheckWaits(event_loop::EventLoop& loop, const Settings& settings,
                        const std::string& control_path) {
  worker::v1::ToGofer ask;
  *ask.mutable_adopt()->mutable_party() = OwnParty();
  const auto answer =
      AskOnce(loop, control_path, std::move(ask), settings.start_timeout());
  if (!answer.ok()) return answer.status();
  if (answer->failure().code() == worker::v1::Failure::WRONG_STATE) {
    return absl::OkStatus();
  }
  return errors::Error(
      errors::Reason::INTERNAL_FAULT,
      absl::StrCat(settings.config().gofer_path(),
                   " does not answer as a gofer without a server does"));
}

bool IsWaiting(const absl::Status& status) {
  return errors::ReasonOf(status) == errors::Reason::OPERATION_PENDING;
}

void AskToEnd(event_loop::EventLoop& loop, const Settings& settings,
              const std::string& control_path) {
  worker::v1::ToGofer ask;
  ask.mutable_shutdown();
  (void)AskOnce(loop, control_path, std::move(ask), settings.control_timeout());
}

}  // namespace goferd::gofers
