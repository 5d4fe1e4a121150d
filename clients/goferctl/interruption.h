// Interruption: how a user ends what has no end of its own.

#ifndef GOFERD_CLIENTS_GOFERCTL_INTERRUPTION_H_
#define GOFERD_CLIENTS_GOFERCTL_INTERRUPTION_H_

#include <signal.h>

#include <array>
#include <set>

#include "server/base/mutex.h"
#include "server/base/thread.h"
#include "server/base/unique_fd.h"

namespace grpc {
class ClientContext;
}  // namespace grpc

namespace goferctl {

// While an Interruption lives, the first SIGINT or SIGTERM does not end the
// process: it cancels the registered calls, so that the output ends with a
// whole line. A second signal has its former effect again. A process has at
// most one Interruption at a time. Thread-safe.
class Interruption {
 public:
  Interruption();
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  // Registers a call, which is cancelled when the signal comes, or at once when
  // it came before. `call` outlives this.
  class Cancellable {
   public:
    Cancellable(Interruption& interruption, grpc::ClientContext& call)
        : interruption_(interruption), call_(call) {
      interruption_.Add(call_);
    }
    ~Cancellable() { interruption_.Remove(call_); }
    Cancellable(const Cancellable&) = delete;
    Cancellable& operator=(const Cancellable&) = delete;

   private:
    Interruption& interruption_;
    grpc::ClientContext& call_;
  };

  bool came() const;

 private:
  void Add(grpc::ClientContext& call);
  void Remove(grpc::ClientContext& call);
  void WaitForSignal();

  // A signal and its former action.
  struct Former {
    int signal;
    struct sigaction action;
  };

  // The handler writes to the first; the second ends the thread.
  gofer::base::UniqueFd signalled_;
  gofer::base::UniqueFd stop_;
  std::array<Former, 2> former_ = {Former{SIGINT, {}}, Former{SIGTERM, {}}};
  mutable gofer::base::Mutex mu_;
  std::set<grpc::ClientContext*> calls_ ABSL_GUARDED_BY(mu_);
  bool came_ ABSL_GUARDED_BY(mu_) = false;
  gofer::base::Thread thread_;
};

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_INTERRUPTION_H_
