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

  // All connections in the order of their uids, ended ones among them.
  std::vector<goferd::worker::v1::Connection> List() const;
  goferd::worker::v1::ConnectionCount Count() const;
  // How many connections have not ended.
  size_t live_count() const { return live_.size(); }

  // The counters of the connection `uid`; nothing when it is not known.
  std::optional<goferd::worker::v1::Stats> StatsOf(
      const std::string& uid) const;
  goferd::worker::v1::StatsList AllStats() const;
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

  lisafs::Server& server_;
  ConnectionNotes& notes_;
  const uint64_t retention_ns_;
  const ChangeCallback on_change_;
  LiveMap live_;
  std::map<lisafs::Connection::Id, std::string> uids_;
  std::map<std::string, Ended> ended_;
  // When to forget which connection, in the order of time.
  std::deque<std::pair<uint64_t, std::string>> forget_;
};

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_CONNECTION_BOOK_H_
