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

// By uid, from their creation until they are forgotten. Those that run are the
// server's; ended ones are kept as messages, a bounded number for a bounded
// time. Of the control thread alone.
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

  // `facts` has what goferd has chosen; the state and the times are ours.
  goferd::worker::v1::Connection Add(
      goferd::worker::v1::Connection facts,
      std::shared_ptr<lisafs::Connection> connection);
  // Whether there is, or is remembered, one with this uid.
  bool Has(const std::string& uid) const;

  // `socket` is closed on failure.
  FailureOr<goferd::worker::v1::Connection> Attach(
      const goferd::worker::v1::AttachConnection& request,
      base::UniqueFd socket);
  FailureOr<goferd::worker::v1::Connection> SetData(
      const goferd::worker::v1::SetConnectionData& request);
  FailureOr<goferd::worker::v1::Connection> Stop(
      const goferd::worker::v1::StopConnection& request);
  void StopAll(lisafs::StopMode mode);
  // Those that were not attached.
  void ForgetCreated();

  // In the order of their uids, ended ones among them.
  std::vector<goferd::worker::v1::Connection> List() const;
  goferd::worker::v1::ConnectionCount Count() const;
  // Those that have not ended.
  size_t live_count() const { return live_.size(); }

  // Whether `uid` is known; with it, the counters of the one.
  std::optional<goferd::worker::v1::Stats> StatsOf(
      const std::string& uid) const;
  goferd::worker::v1::StatsList AllStats() const;
  // The oldest first.
  goferd::worker::v1::InflightList Inflight(int64_t min_age_ns) const;

  // Of each that was attached and has not ended.
  void Visit(const std::function<void(const std::string& uid,
                                      const lisafs::Connection&)>& visit) const;

  // Takes in what the connections have noted.
  void TakeNotes();
  // Does what is due at `now_ns` (base::MonotonicNanos): aborts and forgets.
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
  // Moves it to the ended ones, and tells of it.
  goferd::worker::v1::Connection End(LiveMap::iterator live,
                                     goferd::worker::v1::Connection facts,
                                     int64_t unix_ns);
  // One that was never attached.
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
  // When to forget which, the first first.
  std::deque<std::pair<uint64_t, std::string>> forget_;
};

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_CONNECTION_BOOK_H_
