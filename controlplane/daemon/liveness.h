// Liveness: whether the threads that goferd cannot do without still turn.

#ifndef GOFERD_CONTROLPLANE_DAEMON_LIVENESS_H_
#define GOFERD_CONTROLPLANE_DAEMON_LIVENESS_H_

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace goferd::daemon {

// For the service manager's watchdog: a goferd whose event loops hang is not
// alive, whatever its main thread does. Of one thread; what it posts may run
// after it is gone.
class Liveness {
 public:
  // Posts a task to the thread that is looked after.
  using Post = std::function<void(std::function<void()> task)>;
  struct Looked {
    std::string name;
    Post post;
  };
  explicit Liveness(std::vector<Looked> threads);

  // Whether all have run what was posted to them by the call before. If so,
  // something is posted to them again. The first call is true. Logs the first
  // of them that hangs, once.
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
