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

// How a gofer ended. Code and signal are both absent when it was not our child.
struct GoferExit {
  std::optional<int> exit_code;
  std::optional<int> signal;
  // The kernel killed it for want of memory.
  bool out_of_memory = false;
};

// One process, our child or not. It goes on when the object is destroyed. Reap
// and End are called by one thread at a time; other methods by any thread.
class GoferProcess {
 public:
  struct Options {
    // The executable.
    std::string gofer_path;
    // Further arguments of its command line.
    std::vector<std::string> flags;
    // Borrowed: its standard output and error. None: /dev/null.
    int log = -1;
  };
  // The confinement of one server's gofer.
  struct Confines {
    // Names its control group.
    std::string server_id;
    // Empty when the gofer gets no group.
    std::string cgroup_parent;
    // 0 stands for no limit.
    int64_t max_memory_bytes = 0;
    // Borrowed: its standard output and error. None: /dev/null.
    int log = -1;
  };
  // A process number, and the start time that tells the process from a later
  // process of that number. The start is never 0: only the first process starts
  // with the kernel.
  struct Identity {
    pid_t pid = 0;
    uint64_t start_time = 0;
  };

  // Starts `gofer managed --control-fd=3 FLAGS` with `listener` as descriptor
  // 3, in a session of its own, without any other descriptor of ours but the
  // log. It does not even share our /dev/null: a flag that a process sets on an
  // open file holds for all who share it. Uses posix_spawn only, as gRPC does
  // not survive a fork. Errors: those of the host.
  static absl::StatusOr<std::shared_ptr<GoferProcess>> Spawn(
      const Options& options, gofer::base::UniqueFd listener);
  // Takes a process that lives already. Errors: PATH_NOT_FOUND when it does not
  // live; those of the host, such as FD_LIMIT, when that cannot be found out.
  static absl::StatusOr<std::shared_ptr<GoferProcess>> Adopt(
      const Identity& identity);
  // Takes a process whose start time is not on the disk. `pid` is the kernel's
  // word for the process at the other end of an open socket.
  static absl::StatusOr<std::shared_ptr<GoferProcess>> AdoptPeer(pid_t pid);

  // Reads the text of IdentityText; returns nothing when it is malformed.
  static std::optional<Identity> ParseIdentity(const std::string& text);
  std::string IdentityText() const;

  ~GoferProcess();
  GoferProcess(const GoferProcess&) = delete;
  GoferProcess& operator=(const GoferProcess&) = delete;

  pid_t pid() const { return identity_.pid; }
  // A borrowed descriptor, which is readable when the process has ended.
  int pidfd() const { return pidfd_.get(); }
  // Puts the process into its group. Must be called before it is given a
  // server, by the thread that started or took it.
  void Confine(const Confines& confines);
  // Finds the group of a process that an earlier goferd has confined, without
  // changing anything.
  void FindConfines(const Confines& confines);
  // The confinements that it should have and has not: "cgroup".
  const std::vector<std::string>& missing() const { return missing_; }

  // Sends a signal; does nothing when the process has ended.
  void Kill(int signal) const;
  // Whether the process ended within `timeout`.
  bool WaitForEnd(absl::Duration timeout) const;
  // Returns how the process ended. Waits for the end of a child. Every call
  // returns the same.
  GoferExit Reap();
  // Lets the process end by itself for a moment, then kills it. Blocks for
  // seconds at most; for a process that does not die, code and signal are
  // absent.
  GoferExit End();

  // The process's control group, if it has one.
  const std::optional<Cgroup>& cgroup() const { return cgroup_; }
  // Sets the limit; 0 stands for no limit. Does nothing without a group.
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
