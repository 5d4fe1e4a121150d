// Liveness: whether the threads that goferd cannot do without still turn.

#ifndef GOFERD_CONTROLPLANE_DAEMON_LIVENESS_H_
#define GOFERD_CONTROLPLANE_DAEMON_LIVENESS_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace goferd::daemon {

// Serves the service manager's watchdog: a goferd whose event loops hang is not
// alive, whatever its main thread does. Used by one thread; its posted tasks
// may run after it is destroyed.
class Liveness {
 public:
  // Posts a task to the thread that is watched.
  using Post = std::function<void(std::function<void()> task)>;
  struct Looked {
    std::string name;
    Post post;
  };
  explicit Liveness(std::vector<Looked> threads);

  // Whether all threads have run the tasks that the call before posted. If so,
  // the next tasks are posted. The first call returns true. Logs the first
  // thread that hangs, once.
  bool Check();

 private:
  struct Thread {
    Looked looked;
    std::shared_ptr<std::atomic<bool>> has_run;
  };
  std::vector<Thread> threads_;
  bool told_ = false;
};

}  // namespace goferd::daemon

#endif  // GOFERD_CONTROLPLANE_DAEMON_LIVENESS_H_
