// ControlThread: what the control thread of a serving gofer does.

#ifndef GOFER_SERVER_WORKER_CONTROL_THREAD_H_
#define GOFER_SERVER_WORKER_CONTROL_THREAD_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "goferd/worker/v1/event.pb.h"
#include "goferd/worker/v1/frame.pb.h"
#include "server/base/unique_fd.h"
#include "server/lisafs/server.h"
#include "server/rules/rule_book.h"
#include "server/worker/condition_watch.h"
#include "server/worker/connection_book.h"
#include "server/worker/connection_notes.h"
#include "server/worker/control_peer.h"
#include "server/worker/control_service.h"
#include "server/worker/gofer_facts.h"
#include "server/worker/signals.h"

namespace gofer::worker {

// Serves one goferd at a time on a listening socket. A newer goferd takes the
// place of the older when it has said Adopt; until then it is a candidate, so
// that somebody who only connects takes nothing away. Having no goferd is
// normal. All is done on the one thread that calls Run; connections never wait
// for it.
class ControlThread {
 public:
  // Whether Run also returns when the last connection has ended.
  enum class Life { kUntilShutdown, kAsLongAsConnections };

  // What the thread works with; all four must outlive it.
  struct Parts {
    lisafs::Server& server;
    rules::RuleBook& book;
    ConnectionNotes& notes;
    TerminationSignals& signals;
  };

  // `listener` is a listening SOCK_SEQPACKET socket, or invalid: then nobody
  // can adopt this gofer. `stall_threshold_ns`: 0 for never.
  ControlThread(GoferFacts facts, const Parts& parts, base::UniqueFd listener,
                int64_t stall_threshold_ns, int64_t ended_retention_ns,
                Life life);
  ControlThread(const ControlThread&) = delete;
  ControlThread& operator=(const ControlThread&) = delete;

  // Called before Run when there is a goferd already.
  void SetPeer(std::unique_ptr<ControlPeer> peer,
               const goferd::worker::v1::Party& party);

  ConnectionBook& connections() { return connections_; }

  // Returns after the last connection's end, when a Shutdown, SIGTERM or SIGINT
  // has asked for it. A second signal aborts the connections.
  void Run();

 private:
  enum Polled { kSignal, kNotice, kListener, kPeer, kCandidate, kPolledCount };

  // Blocks until there is something to do, and does it.
  void Turn();
  int TimeoutMillis(uint64_t now_ns) const;
  void Accept();
  // Does what is due at `now_ns`.
  void Tick(uint64_t now_ns);
  void LookAtConditions();

  void ServePeer();
  void ServeCandidate();
  void TakeOver(const goferd::worker::v1::ToGofer& message);
  static void Answer(ControlPeer& peer, goferd::worker::v1::Response response);
  void Emit(goferd::worker::v1::Event event);

  void TakeSignal();
  void BeginShutdown(const ShutdownRequest& request);
  bool is_done() const;

  GoferFacts facts_;
  const Parts parts_;
  const base::UniqueFd listener_;
  const int64_t stall_threshold_ns_;
  const Life life_;

  uint64_t event_number_ = 0;
  std::unique_ptr<ControlPeer> peer_;
  bool peer_wants_events_ = false;
  std::unique_ptr<ControlPeer> candidate_;
  ConnectionBook connections_;
  ControlService service_;
  ConditionWatch conditions_;

  // base::MonotonicNanos; UINT64_MAX for never.
  uint64_t next_look_ns_ = 0;
  uint64_t accept_again_ns_ = 0;
  uint64_t abort_all_ns_ = UINT64_MAX;
  bool ending_ = false;
};

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_CONTROL_THREAD_H_
