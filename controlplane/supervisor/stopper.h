// Stopper: ends the calls that wait, before goferd goes down.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_STOPPER_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_STOPPER_H_

namespace goferd::supervisor {

// Thread-safe.
class Stopper {
 public:
  virtual ~Stopper() = default;

  // Ends the waits of all callers: they fail with SHUTTING_DOWN, as does every
  // call from now on that changes something.
  virtual void Shutdown() = 0;
  // What is asked of gofers by then fails, so that the callers come back at
  // once. After Shutdown.
  virtual void GiveUp() = 0;
};

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_STOPPER_H_
