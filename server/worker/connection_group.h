// ConnectionGroup: the connections that a gofer process was started for, from
// inherited sockets to the last one's end.

#ifndef GOFER_SERVER_WORKER_CONNECTION_GROUP_H_
#define GOFER_SERVER_WORKER_CONNECTION_GROUP_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "server/hostfs/host_options.h"
#include "server/hostfs/host_tree.h"
#include "server/lisafs/connection.h"
#include "server/lisafs/options.h"
#include "server/lisafs/server.h"
#include "server/rules/rule_book.h"
#include "server/worker/connection_notes.h"
#include "server/worker/control_thread.h"
#include "server/worker/fd_shares.h"
#include "server/worker/gofer_facts.h"
#include "server/worker/signals.h"
#include "server/worker/stage_error.h"

namespace gofer::worker {

// One inherited socket and what is served to it.
struct ServedSocket {
  int fd = -1;
  std::string name;              // For errors: the flag it came from.
  std::string mount_path = "/";  // As seen from the tree's root.
  lisafs::ConnectionOptions connection = {};
  hostfs::HostOptions host = {};
};

// The only thread of the process calls the stages once each, in the order of
// their declaration; Start makes further threads. The group owns the sockets
// from TakeSockets on, and ends all connections when it is destroyed.
class ConnectionGroup {
 public:
  explicit ConnectionGroup(std::vector<ServedSocket> sockets)
      : sockets_(std::move(sockets)) {}

  // Keeps SIGTERM and SIGINT for WaitForEnd from here on.
  StageResult BlockSignals();
  // Raises a hard RLIMIT_NOFILE that is lower to 131 072, if the process may
  // (CAP_SYS_RESOURCE). runsc says by a flag what its gofer may have; without
  // it, a container's files would be bounded by the shell that started it.
  static void RaiseHardFdLimit();
  // Raises RLIMIT_NOFILE to `process_limit`, by default to what the process may
  // have, and gives every connection `max_fds` of it; when `max_fds` is 0, a
  // few to each, and the rest to all together.
  StageResult ShareFds(uint32_t max_fds,
                       std::optional<uint64_t> process_limit = std::nullopt);
  StageResult TakeSockets();
  // With `will_be_confined`, makes the copies of mount points for clients now:
  // a confined process may not.
  StageResult Create(const std::shared_ptr<hostfs::HostTree>& tree,
                     bool will_be_confined);
  StageResult Start();

  // Called before Create. Makes WaitForEnd serve goferd on `listener`; what
  // `facts` lacks is filled in by then.
  void EnableControl(GoferFacts facts, base::UniqueFd listener);

  // Returns when all connections have ended. A signal ends them when their
  // requests in flight are answered; a second signal ends them at once.
  void WaitForEnd();

 private:
  void NoteEnd(const lisafs::Connection& connection);
  // Names the connections "io-0" and on, and makes them known to the control
  // thread, before they start.
  void MakeControlThread();
  void StopBySignals();

  std::vector<ServedSocket> sockets_;
  uint32_t max_fds_ = 0;
  uint32_t process_fds_ = 0;
  FdShares shares_;
  std::unique_ptr<TerminationSignals> signals_;
  // Null without control.
  std::unique_ptr<ConnectionNotes> notes_;
  GoferFacts facts_;
  base::UniqueFd listener_;
  std::atomic<size_t> ended_ = 0;
  // Declared before the connections, which it has to outlive.
  std::unique_ptr<lisafs::Server> server_;
  std::vector<std::shared_ptr<lisafs::Connection>> connections_;
  std::unique_ptr<rules::RuleBook> book_;
  std::unique_ptr<ControlThread> control_;
};

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_CONNECTION_GROUP_H_
