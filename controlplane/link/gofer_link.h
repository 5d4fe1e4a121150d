// GoferLink: a gofer that runs and can be asked.

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

// Shared by the model and by whoever asks at the moment, so that a gofer's end
// takes nothing away from a call under way. The last one to let go must not be
// on the event loop's thread: see TaskPool::Drop.
class GoferLink {
 public:
  // `server_name` is for the errors of a gofer that does not answer.
  GoferLink(std::unique_ptr<worker::GoferClient> client, absl::Duration timeout,
            std::string server_name)
      : client_(std::move(client)),
        timeout_(timeout),
        server_name_(std::move(server_name)) {}

  // Blocks, at most for the control timeout. A failure of the gofer's is a
  // status. One that has let a request run out of time is not waited for again
  // before it has answered: GOFER_UNREACHABLE at once.
  absl::StatusOr<worker::v1::Response> Ask(worker::v1::ToGofer request,
                                           std::span<const int> fds = {}) {
    return AskFor(timeout_, std::move(request), fds);
  }
  // As Ask. That much less time than the control timeout was not enough says
  // nothing of the gofer.
  absl::StatusOr<worker::v1::Response> AskFor(absl::Duration timeout,
                                              worker::v1::ToGofer request,
                                              std::span<const int> fds = {});
  bool answers() const { return client_->answers(); }
  bool connected() const { return client_->connected(); }
  // Ends the waiting of all who ask, for good.
  void GiveUp() { client_->GiveUp(); }
  const gofer::uds::PeerCredentials& peer() const { return client_->peer(); }

 private:
  const std::unique_ptr<worker::GoferClient> client_;
  const absl::Duration timeout_;
  const std::string server_name_;
};

}  // namespace goferd::link

#endif  // GOFERD_CONTROLPLANE_LINK_GOFER_LINK_H_
