// ConnectionBook: the connections of a gofer, as goferd knows them.

#ifndef GOFER_SERVER_WORKER_CONNECTION_BOOK_H_
#define GOFER_SERVER_WORKER_CONNECTION_BOOK_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "goferd/worker/v1/connection.pb.h"
#include "goferd/worker/v1/stats.pb.h"
#include "server/base/unique_fd.h"
#include "server/control/bounds.h"
#include "server/lisafs/connection.h"
#include "server/lisafs/server.h"
#include "server/worker/connection_notes.h"
#include "server/worker/failure.h"

namespace gofer::worker {

// Keeps connections by uid, from their creation until they are forgotten. The
// server owns a connection that runs; an ended connection is kept as a message,
// a bounded number of them for a bounded time. Used by the control thread
// alone.
class ConnectionBook {
 public:
  static constexpr size_t kMostEnded = 10'000;
  // The bound for all messages about ended connections together.
  static constexpr size_t kMostEndedBytes = size_t{16} << 20;
  static constexpr size_t kMaxDaemonData = control::kMostConnectionData;

  // Called for every connection that is new, or whose state has changed.
  using ChangeCallback =
      std::function<void(const goferd::worker::v1::Connection&)>;

  // `server` and `notes` must outlive this.
  ConnectionBook(lisafs::Server& server, ConnectionNotes& notes,
                 int64_t ended_retention_ns, ChangeCallback on_change);

  // `facts` has what goferd has chosen; the book fills in the state and the
  // times.
  goferd::worker::v1::Connection Add(
      goferd::worker::v1::Connection facts,
      std::shared_ptr<lisafs::Connection> connection);
  // Whether a connection with this uid exists or is remembered.
  bool Has(const std::string& uid) const;

  // Closes `socket` on failure.
  FailureOr<goferd::worker::v1::Connection> Attach(
      const goferd::worker::v1::AttachConnection& request,
      base::UniqueFd socket);
  FailureOr<goferd::worker::v1::Connection> SetData(
      const goferd::worker::v1::SetConnectionData& request);
  FailureOr<goferd::worker::v1::Connection> Stop(
      const goferd::worker::v1::StopConnection& request);
  void StopAll(lisafs::StopMode mode);
  // Ends and forgets the connections that were not attached.
  void ForgetCreated();

  // What `request` asks for, in the order of uids.
  goferd::worker::v1::ConnectionList List(
      const goferd::worker::v1::ListConnections& request) const;
  goferd::worker::v1::ConnectionCount Count() const;
  // How many connections have not ended.
  size_t live_count() const { return live_.size(); }

  // The counters of the connection `uid`; nothing when it is not known.
  std::optional<goferd::worker::v1::Stats> StatsOf(
      const std::string& uid) const;
  goferd::worker::v1::StatsList AllStats(
      const goferd::worker::v1::GetStats::EveryConnection& request) const;
  // Requests that are in flight for at least `min_age_ns`, the oldest first.
  goferd::worker::v1::InflightList Inflight(int64_t min_age_ns) const;

  // Visits each connection that was attached and has not ended.
  void Visit(const std::function<void(const std::string& uid,
                                      const lisafs::Connection&)>& visit) const;

  // Takes in the notes that connections have left: mounted, ended.
  void TakeNotes();
  // Aborts and forgets the connections for which `now_ns`
  // (base::MonotonicNanos) is the time.
  void Tick(uint64_t now_ns);
  // When Tick has something to do; UINT64_MAX for never.
  uint64_t NextTick() const;

 private:
  struct Live {
    goferd::worker::v1::Connection facts;
    std::shared_ptr<lisafs::Connection> connection;
    // base::MonotonicNanos; UINT64_MAX for never.
    uint64_t abort_at_ns;
  };
  struct Ended {
    goferd::worker::v1::Connection facts;
    goferd::worker::v1::Stats stats;
  };
  using LiveMap = std::map<std::string, Live>;
  using EndedMap = std::map<std::string, Ended>;

  static goferd::worker::v1::Connection View(const Live& live);
  // Moves `live` to the ended connections, and calls on_change_.
  goferd::worker::v1::Connection End(LiveMap::iterator live,
                                     goferd::worker::v1::Connection facts,
                                     int64_t unix_ns);
  // Ends a connection that was never attached.
  goferd::worker::v1::Connection EndCreated(
      LiveMap::iterator live, goferd::worker::v1::EndReason reason,
      absl::string_view detail);
  void Remember(Ended ended);
  static size_t BytesOf(const Ended& ended);
  // Forgets an ended connection, if it is remembered.
  void Forget(const std::string& uid);
  // Visits those behind `after_uid` in the order of uids, until a visitor
  // returns false.
  void Walk(
      const std::string& after_uid, bool live, bool ended,
      const std::function<bool(const std::string&, const Live&)>& visit_live,
      const std::function<bool(const std::string&, const Ended&)>& visit_ended)
      const;

  lisafs::Server& server_;
  ConnectionNotes& notes_;
  const uint64_t retention_ns_;
  const ChangeCallback on_change_;
  LiveMap live_;
  std::map<lisafs::Connection::Id, std::string> uids_;
  EndedMap ended_;
  size_t ended_bytes_ = 0;
  // When to forget which connection, in the order of time.
  std::deque<std::pair<uint64_t, std::string>> forget_;
};

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_CONNECTION_BOOK_H_
