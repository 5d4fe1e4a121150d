// LyingGofer: the gofer's end of a control socket, which a test controls.

#ifndef GOFERD_TESTS_UNIT_CONTROLPLANE_GOFERS_LYING_GOFER_H_
#define GOFERD_TESTS_UNIT_CONTROLPLANE_GOFERS_LYING_GOFER_H_

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "goferd/worker/v1/frame.pb.h"
#include "server/base/mutex.h"
#include "server/base/thread.h"
#include "server/base/unique_fd.h"
#include "server/control/control_channel.h"

namespace goferd::gofers {

namespace wire = goferd::worker::v1;

// Listens at a path and serves one goferd after the other on a thread of its
// own. It answers Adopt as the test says, remembers connections and rules as a
// gofer does, and answers every other request with success. Thread-safe.
class LyingGofer {
 public:
  enum class Manner {
    kHonest,
    // It takes requests, and answers them when it is honest again.
    kSilent,
    // It hangs up after each Adopt that it has answered.
    kFickle,
    kIncompatible,
  };

  explicit LyingGofer(const std::string& socket_path);
  ~LyingGofer();
  LyingGofer(const LyingGofer&) = delete;
  LyingGofer& operator=(const LyingGofer&) = delete;

  void SetManner(Manner manner);
  // Changes the answer to Adopt.
  void Edit(const std::function<void(wire::AdoptResult&)>& edit);
  void HangUp();
  void Emit(wire::Event event);

  // Blocks until so many Adopts have come, and returns their times.
  std::vector<std::chrono::steady_clock::time_point> AwaitAdoptions(
      size_t count);
  // Counts the requests so far for which `wanted` is true.
  size_t CountRequests(const std::function<bool(const wire::ToGofer&)>& wanted);

 private:
  void Run();
  void Wake();
  void TakeRequests();
  void Answer(const wire::ToGofer& request) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void SendAdopt(uint64_t request_id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Send(const wire::FromGofer& message) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Remember(const wire::ToGofer& request)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const gofer::base::UniqueFd listener_;
  const gofer::base::UniqueFd wake_;
  gofer::base::Mutex mu_;
  gofer::base::CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  Manner manner_ ABSL_GUARDED_BY(mu_) = Manner::kHonest;
  wire::AdoptResult adopt_ ABSL_GUARDED_BY(mu_);
  std::unique_ptr<gofer::control::ControlChannel> peer_ ABSL_GUARDED_BY(mu_);
  std::vector<wire::ToGofer> unanswered_ ABSL_GUARDED_BY(mu_);
  std::vector<wire::ToGofer> requests_ ABSL_GUARDED_BY(mu_);
  std::vector<std::chrono::steady_clock::time_point> adoptions_
      ABSL_GUARDED_BY(mu_);
  // The thread is the last member, as it uses all others.
  gofer::base::Thread thread_;
};

}  // namespace goferd::gofers

#endif  // GOFERD_TESTS_UNIT_CONTROLPLANE_GOFERS_LYING_GOFER_H_
