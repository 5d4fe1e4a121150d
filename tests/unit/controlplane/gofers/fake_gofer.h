// FakeGofer: the gofer's end of a control socket, in a test's hands.

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
// destroyed. It does what it is told and keeps every request. Thread-safe.
class FakeGofer {
 public:
  // Listens at `socket_path`. `adopt` is what it says of itself.
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

  // The requests of this kind so far.
  std::vector<wire::ToGofer> Requests(wire::ToGofer::RequestCase kind) const;

  // What Adopt answers.
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
  // Whether something came on `fd`, and not the order to end or to hang up.
  bool WaitFor(int fd);

  gofer::base::UniqueFd listener_;
  // Written to: 1 to hang up, much more to end.
  gofer::base::UniqueFd orders_;
  // Of the gofer's thread.
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
