// GoferLink: asks a running gofer.

#ifndef GOFERD_CONTROLPLANE_LINK_GOFER_LINK_H_
#define GOFERD_CONTROLPLANE_LINK_GOFER_LINK_H_

#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controlplane/worker/gofer_client.h"

namespace goferd::link {

// The model and every call under way share it, so that a gofer's end takes
// nothing away from a call. The last reference must not be dropped on the event
// loop's thread, which destruction waits for: see TaskPool::Drop.
class GoferLink {
 public:
  // `server_name` is named in the errors when the gofer does not answer.
  GoferLink(std::unique_ptr<worker::GoferClient> client, absl::Duration timeout,
            std::string server_name)
      : client_(std::move(client)),
        timeout_(timeout),
        server_name_(std::move(server_name)) {}

  // Blocks, at most for the control timeout. A failure that the gofer reports
  // becomes a status. After a request has run out of time, further requests
  // fail at once with GOFER_UNREACHABLE until the gofer has answered.
  absl::StatusOr<worker::v1::Response> Ask(worker::v1::ToGofer request,
                                           std::span<const int> fds = {}) {
    return AskFor(timeout_, std::move(request), fds);
  }
  // Asks as Ask does, for at most `timeout`. When that is much shorter than the
  // control timeout, running out of time does not make the gofer silent.
  absl::StatusOr<worker::v1::Response> AskFor(absl::Duration timeout,
                                              worker::v1::ToGofer request,
                                              std::span<const int> fds = {});
  const std::string& server_name() const { return server_name_; }
  bool answers() const { return client_->answers(); }
  bool connected() const { return client_->connected(); }
  // Makes all calls fail, now and later.
  void GiveUp() { client_->GiveUp(); }
  const gofer::uds::PeerCredentials& peer() const { return client_->peer(); }

 private:
  const std::unique_ptr<worker::GoferClient> client_;
  const absl::Duration timeout_;
  const std::string server_name_;
};

}  // namespace goferd::link

#endif  // GOFERD_CONTROLPLANE_LINK_GOFER_LINK_H_
