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

// While it lives, SIGINT and SIGTERM do not end the process: the first of them
// cancels the calls that were given here, so that what was printed is whole.
// Then they mean again what they meant before. One at a time in a process.
// Thread-safe.
class Interruption {
 public:
  Interruption();
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;

  // A call that is cancelled when the signal comes: at once, if it came before.
  // `call` outlives this.
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

  // What a signal meant before.
  struct Former {
    int signal;
    struct sigaction action;
  };

  // What the handler writes to, and what ends the thread.
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
