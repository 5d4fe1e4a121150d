// WarmGofers: gofers that are started before they have a server.

#ifndef GOFERD_CONTROLPLANE_GOFERS_WARM_GOFERS_H_
#define GOFERD_CONTROLPLANE_GOFERS_WARM_GOFERS_H_

#include <sys/stat.h>
#include <time.h>

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controlplane/event_loop/event_loop.h"
#include "controlplane/gofers/host.h"
#include "controlplane/gofers/settings.h"
#include "controlplane/gofers/threads.h"
#include "controlplane/process/gofer_process.h"
#include "server/base/mutex.h"

namespace goferd::gofers {

// Keeps `servers.warm_gofers` processes that wait for their Bootstrap, each in
// a directory of its own (see StateDirectory), and starts another for each that
// was taken or has died: one at a time, and the slower the more have failed in
// a row. None serves anybody, so they go when goferd does; those that a killed
// goferd has left are ended by the next one. One whose executable is not that
// at `gofer_path` any more is not given away.
//
// Thread-safe. Outlives whatever its threads run.
class WarmGofers {
 public:
  // All outlive it.
  WarmGofers(Threads& threads, const Settings& settings, Host& host)
      : threads_(threads), settings_(settings), host_(host) {}
  WarmGofers(const WarmGofers&) = delete;
  WarmGofers& operator=(const WarmGofers&) = delete;

  // Ends what an earlier goferd has left, and begins to start gofers. Once.
  void Start();
  // Ends all, and starts no more. Not on the loop's thread.
  void Stop();

  // A process whose socket and `pid` are those of the server from now on, whose
  // directory exists; null when none is ready. Not on the loop's thread.
  std::shared_ptr<process::GoferProcess> Take(const std::string& server_id);
  // One that was taken serves: the executable is sound.
  void Proven();
  // Starts in the background what is missing.
  void Refill();

 private:
  // Tells a file from another that takes its place.
  struct Executable {
    dev_t device = 0;
    ino_t inode = 0;
    timespec modified = {};

    static std::optional<Executable> At(const std::string& path);
    bool operator==(const Executable& other) const;
  };
  struct Waiting {
    std::string name;
    Executable executable;
    absl::Time since;
    std::shared_ptr<process::GoferProcess> process;
    std::unique_ptr<event_loop::EventLoop::Watch> watch;
  };
  using WaitingPtr = std::shared_ptr<Waiting>;

  void EndLeftover(const std::string& name);
  // On a thread of the pool.
  void Fill();
  void FillAgain(const absl::Status& failure);
  bool IsMissingOne() const;
  // Not after Stop.
  absl::Status Keep(WaitingPtr gofer);
  absl::StatusOr<WaitingPtr> StartOne();
  absl::StatusOr<WaitingPtr> Spawn();
  absl::Status AwaitReady(const Waiting& gofer);
  WaitingPtr TakeOldest();
  // On the loop's thread.
  void OnExit(const std::string& name);
  // Kills it; the rest is done soon.
  void Discard(WaitingPtr gofer);
  // Waits for its end and removes what it has.
  void CleanUp(Waiting& gofer);

  Threads& threads_;
  const Settings& settings_;
  Host& host_;
  mutable gofer::base::Mutex mu_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  // A Fill runs, or is going to.
  bool filling_ ABSL_GUARDED_BY(mu_) = false;
  int failures_in_a_row_ ABSL_GUARDED_BY(mu_) = 0;
  // Not ready yet.
  std::shared_ptr<process::GoferProcess> starting_ ABSL_GUARDED_BY(mu_);
  // By name.
  std::map<std::string, WaitingPtr> waiting_ ABSL_GUARDED_BY(mu_);
};

}  // namespace goferd::gofers

#endif  // GOFERD_CONTROLPLANE_GOFERS_WARM_GOFERS_H_
