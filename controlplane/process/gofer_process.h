// GoferProcess: a gofer as a process of this host.

#ifndef GOFERD_CONTROLPLANE_PROCESS_GOFER_PROCESS_H_
#define GOFERD_CONTROLPLANE_PROCESS_GOFER_PROCESS_H_

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controlplane/process/cgroup.h"
#include "server/base/unique_fd.h"

namespace goferd::process {

// How a gofer ended. Neither code nor signal: it was not our child.
struct GoferExit {
  std::optional<int> exit_code;
  std::optional<int> signal;
  // The kernel killed it for want of memory.
  bool out_of_memory = false;
};

// One process, our child or not. It goes on when the object is destroyed. Reap
// and End are called by one thread at a time; the rest by any.
class GoferProcess {
 public:
  struct Options {
    // The executable.
    std::string gofer_path;
    // Further words of its command line.
    std::vector<std::string> flags;
    // Borrowed: its standard output and error. None: /dev/null.
    int log = -1;
  };
  // What holds for the gofer of one server.
  struct Confines {
    // Names its control group.
    std::string server_id;
    // Empty: no group.
    std::string cgroup_parent;
    // 0: no limit.
    int64_t max_memory_bytes = 0;
    // Borrowed: its standard output and error. None: /dev/null.
    int log = -1;
  };
  // A process number, and the start that tells it from a later process of that
  // number. Never 0: no process but the first starts with the kernel.
  struct Identity {
    pid_t pid = 0;
    uint64_t start_time = 0;
  };

  // Starts `gofer managed --control-fd=3 FLAGS` with `listener` as descriptor
  // 3, in a session of its own; it has no other descriptor of ours but the log.
  // Ours is not even shared: what is set on a description holds for all who
  // have it. posix_spawn only: gRPC does not survive a fork. Errors: those of
  // the host.
  static absl::StatusOr<std::shared_ptr<GoferProcess>> Spawn(
      const Options& options, gofer::base::UniqueFd listener);
  // A process that lives already. Errors: PATH_NOT_FOUND when it does not;
  // those of the host, as FD_LIMIT, when that cannot be said.
  static absl::StatusOr<std::shared_ptr<GoferProcess>> Adopt(
      const Identity& identity);
  // The same for one of which nothing is written down, as the kernel names the
  // process at the other end of a socket that is open.
  static absl::StatusOr<std::shared_ptr<GoferProcess>> AdoptPeer(pid_t pid);

  // As IdentityText writes it; nothing when it is malformed.
  static std::optional<Identity> ParseIdentity(const std::string& text);
  std::string IdentityText() const;

  ~GoferProcess();
  GoferProcess(const GoferProcess&) = delete;
  GoferProcess& operator=(const GoferProcess&) = delete;

  pid_t pid() const { return identity_.pid; }
  // Readable when it has ended. Borrowed.
  int pidfd() const { return pidfd_.get(); }
  // Before it is given a server, by the thread that started or took it.
  void Confine(const Confines& confines);
  // Of one that was confined by a goferd before us: the same, without changing
  // anything.
  void FindConfines(const Confines& confines);
  // What it was to have and has not: "cgroup".
  const std::vector<std::string>& missing() const { return missing_; }

  // Does nothing when it has ended.
  void Kill(int signal) const;
  // Whether it ended within `timeout`.
  bool WaitForEnd(absl::Duration timeout) const;
  // How it ended. Waits for the end of a child. Every call answers the same.
  GoferExit Reap();
  // Lets it end by itself for a moment, then kills it. Blocks for seconds at
  // most; nothing is known of one that does not die.
  GoferExit End();

  // Its control group, if it has one.
  const std::optional<Cgroup>& cgroup() const { return cgroup_; }
  // 0: no limit. Does nothing without a group.
  absl::Status SetMaxMemory(int64_t max_memory_bytes) const;

 private:
  GoferProcess(Identity identity, gofer::base::UniqueFd pidfd, bool is_child)
      : identity_(identity), pidfd_(std::move(pidfd)), is_child_(is_child) {}

  const Identity identity_;
  const gofer::base::UniqueFd pidfd_;
  const bool is_child_;
  std::optional<Cgroup> cgroup_;
  std::vector<std::string> missing_;
  std::optional<GoferExit> exit_;
};

}  // namespace goferd::process

#endif  // GOFERD_CONTROLPLANE_PROCESS_GOFER_PROCESS_H_
