// FakeGofer: the gofer's end of a control socket, which a test controls.

#ifndef GOFERD_TESTS_UNIT_CONTROLPLANE_GOFERS_FAKE_GOFER_H_
#define GOFERD_TESTS_UNIT_CONTROLPLANE_GOFERS_FAKE_GOFER_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "goferd/worker/v1/frame.pb.h"
#include "server/base/mutex.h"
#include "server/base/thread.h"
#include "server/base/unique_fd.h"
#include "server/control/control_channel.h"

namespace goferd::gofers {

namespace wire = goferd::worker::v1;

// Serves one goferd after the other, on a thread of its own, until it is
// destroyed. It carries out every request and keeps it. Thread-safe.
class FakeGofer {
 public:
  // Listens at `socket_path`. `adopt` is its answer to Adopt.
  FakeGofer(const std::string& socket_path, wire::AdoptResult adopt);
  ~FakeGofer();
  FakeGofer(const FakeGofer&) = delete;
  FakeGofer& operator=(const FakeGofer&) = delete;

  // From now on `answer` sees each request before it is answered, on the
  // gofer's thread, and may fill in the answer.
  using Answer = std::function<void(const wire::ToGofer&, wire::Response&)>;
  void OnRequest(Answer answer);

  // Closes the socket of the goferd that it serves.
  void HangUp();

  // Returns the requests of this kind so far.
  std::vector<wire::ToGofer> Requests(wire::ToGofer::RequestCase kind) const;

  // Returns the present answer to Adopt.
  wire::AdoptResult adopt() const;
  wire::HandlerList table() const;

 private:
  void Run();
  void Serve(gofer::control::ControlChannel& channel);
  wire::Response AnswerTo(const wire::ToGofer& request);
  void Obey(const wire::ToGofer& request, wire::Response& response)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void SetHandlers(const wire::SetHandlers& request)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void ChangeRules(const wire::ChangeRules& request)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void RemoveRule(const std::string& uid) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Waits for `fd`; returns false on the order to end or to hang up.
  bool WaitFor(int fd);

  gofer::base::UniqueFd listener_;
  // An eventfd for orders: 1 means to hang up, much more to end.
  gofer::base::UniqueFd orders_;
  // Used by the gofer's thread only.
  bool ended_ = false;
  mutable gofer::base::Mutex mu_;
  wire::AdoptResult adopt_ ABSL_GUARDED_BY(mu_);
  wire::HandlerList table_ ABSL_GUARDED_BY(mu_);
  std::vector<wire::ToGofer> requests_ ABSL_GUARDED_BY(mu_);
  Answer answer_ ABSL_GUARDED_BY(mu_);
  gofer::base::Thread thread_;
};

}  // namespace goferd::gofers

#endif  // GOFERD_TESTS_UNIT_CONTROLPLANE_GOFERS_FAKE_GOFER_H_
