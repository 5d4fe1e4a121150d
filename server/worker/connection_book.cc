#include "server/worker/connection_book.h"

#include <algorithm>
#include <utility>

#include "server/base/clock.h"
#include "server/rules/unix_clock.h"
#include "server/uds/unix_socket.h"
#include "server/worker/page_filler.h"
#include "server/worker/protocol_translation.h"
#include "server/worker/stats_translation.h"

namespace gofer::worker {
namespace {

namespace v1 = ::goferd::worker::v1;
using lisafs::ConnectionState;

Failure NotFound(absl::string_view uid) {
  return MakeFailure(Failure::NOT_FOUND, absl::StrCat("no connection ", uid));
}

v1::MountFd MountFdOf(const v1::Connection& facts,
                      const lisafs::Connection& connection) {
  if (connection.mount_donated()) return v1::MOUNT_FD_DONATED;
  const bool may_come =
      connection.options().donation == lisafs::Donation::kFilesAndMountPoint &&
      facts.mount_unix_ns() == 0;
  return may_come ? v1::MOUNT_FD_POSSIBLE : v1::MOUNT_FD_WITHHELD;
}

uint64_t After(int64_t duration_ns) {
  const uint64_t now = base::MonotonicNanos();
  const auto duration =
      static_cast<uint64_t>(std::max<int64_t>(duration_ns, 0));
  return duration > UINT64_MAX - now ? UINT64_MAX : now + duration;
}

}  // namespace

ConnectionBook::ConnectionBook(lisafs::Server& server, ConnectionNotes& notes,
                               int64_t ended_retention_ns,
                               ChangeCallback on_change)
    : server_(server),
      notes_(notes),
      retention_ns_(
          static_cast<uint64_t>(std::max<int64_t>(ended_retention_ns, 0))),
      on_change_(std::move(on_change)) {}

v1::Connection ConnectionBook::Add(
    v1::Connection facts, std::shared_ptr<lisafs::Connection> connection) {
  facts.set_create_unix_ns(rules::UnixNanos());
  const std::string uid = facts.uid();
  uids_[connection->id()] = uid;
  const auto [live, is_new] = live_.insert_or_assign(
      uid, Live{std::move(facts), std::move(connection), UINT64_MAX});
  v1::Connection view = View(live->second);
  on_change_(view);
  return view;
}

bool ConnectionBook::Has(const std::string& uid) const {
  return live_.count(uid) != 0 || ended_.count(uid) != 0;
}

FailureOr<v1::Connection> ConnectionBook::Attach(
    const v1::AttachConnection& request, base::UniqueFd socket) {
  const auto found = live_.find(request.uid());
  if (found == live_.end() && !Has(request.uid())) {
    return NotFound(request.uid());
  }
  if (found == live_.end() ||
      found->second.connection->state() != ConnectionState::kCreated) {
    return MakeFailure(Failure::WRONG_STATE,
                       absl::StrCat("connection ", request.uid(),
                                    " is not pending: it is attached, or has "
                                    "ended"));
  }
  const auto checked =
      uds::CheckConnected(socket.get(), uds::SocketType::kStream);
  if (!checked.ok()) {
    return MakeFailure(Failure::MALFORMED,
                       "the descriptor is no connected UNIX stream socket");
  }
  if (request.daemon_data().size() > kMaxDaemonData) {
    return MakeFailure(Failure::MALFORMED,
                       "AttachConnection.daemon_data is longer than 16 KiB");
  }
  Live& live = found->second;
  const auto started =
      server_.StartConnection(live.connection, std::move(socket));
  if (!started.ok()) {
    return HostFailure("start-thread", request.uid(), started.error());
  }
  live.facts.set_attach_unix_ns(rules::UnixNanos());
  if (!request.daemon_data().empty()) {
    live.facts.set_daemon_data(request.daemon_data());
  }
  v1::Connection view = View(live);
  on_change_(view);
  return view;
}

FailureOr<v1::Connection> ConnectionBook::SetData(
    const v1::SetConnectionData& request) {
  const auto found = live_.find(request.uid());
  if (found == live_.end()) {
    return Has(request.uid())
               ? FailureOr<v1::Connection>(MakeFailure(
                     Failure::WRONG_STATE,
                     absl::StrCat("connection ", request.uid(), " has ended")))
               : NotFound(request.uid());
  }
  if (request.daemon_data().size() > kMaxDaemonData) {
    return MakeFailure(Failure::MALFORMED,
                       "SetConnectionData.daemon_data is longer than 16 KiB");
  }
  found->second.facts.set_daemon_data(request.daemon_data());
  return View(found->second);
}

FailureOr<v1::Connection> ConnectionBook::Stop(
    const v1::StopConnection& request) {
  const auto mode = ToStopMode(request.mode());
  const auto reason = ToStopReason(request.reason());
  if (!mode || !reason) {
    return MakeFailure(Failure::MALFORMED,
                       absl::StrCat("StopConnection.", mode ? "reason" : "mode",
                                    " is unspecified or not known"));
  }
  const auto found = live_.find(request.uid());
  if (found == live_.end()) {
    const auto ended = ended_.find(request.uid());
    if (ended == ended_.end()) return NotFound(request.uid());
    return ended->second.facts;
  }
  Live& live = found->second;
  if (live.connection->state() == ConnectionState::kCreated) {
    return EndCreated(found, request.reason(), request.detail());
  }
  live.connection->Stop(*mode, *reason, request.detail());
  if (request.has_abort_after_ns()) {
    live.abort_at_ns =
        std::min(live.abort_at_ns, After(request.abort_after_ns()));
  }
  v1::Connection view = View(live);
  on_change_(view);
  return view;
}

void ConnectionBook::StopAll(lisafs::StopMode mode) {
  for (auto it = live_.begin(); it != live_.end();) {
    const auto live = it++;
    if (live->second.connection->state() == ConnectionState::kCreated) {
      EndCreated(live, v1::END_REASON_SERVER_SHUTDOWN, "");
    } else {
      live->second.connection->Stop(mode, lisafs::EndReason::kServerShutdown);
      on_change_(View(live->second));
    }
  }
}

void ConnectionBook::ForgetCreated() {
  for (auto it = live_.begin(); it != live_.end();) {
    const auto live = it++;
    if (live->second.connection->state() != ConnectionState::kCreated) continue;
    const std::string uid = live->first;
    EndCreated(live, v1::END_REASON_ADMIN_STOP, "the server drains");
    Forget(uid);
  }
}

void ConnectionBook::Walk(
    const std::string& after_uid, bool live, bool ended,
    const std::function<bool(const std::string&, const Live&)>& visit_live,
    const std::function<bool(const std::string&, const Ended&)>& visit_ended)
    const {
  auto one = live ? live_.upper_bound(after_uid) : live_.end();
  auto other = ended ? ended_.upper_bound(after_uid) : ended_.end();
  while (one != live_.end() || other != ended_.end()) {
    const bool is_live = other == ended_.end() ||
                         (one != live_.end() && one->first < other->first);
    const bool goes_on = is_live ? visit_live(one->first, one->second)
                                 : visit_ended(other->first, other->second);
    if (!goes_on) return;
    if (is_live) {
      ++one;
    } else {
      ++other;
    }
  }
}

v1::ConnectionList ConnectionBook::List(
    const v1::ListConnections& request) const {
  v1::ConnectionList list;
  PageFiller page(request.page());
  const auto take = [&](const std::string& uid, v1::Connection view) {
    if (request.without_daemon_data()) view.clear_daemon_data();
    if (!page.Take(uid, view.ByteSizeLong())) return false;
    *list.add_connections() = std::move(view);
    return true;
  };
  Walk(
      request.page().after_uid(), request.which() != v1::ListConnections::ENDED,
      request.which() != v1::ListConnections::LIVE,
      [&](const std::string& uid, const Live& live) {
        return take(uid, View(live));
      },
      [&](const std::string& uid, const Ended& ended) {
        return take(uid, ended.facts);
      });
  list.set_next_after_uid(page.next_after_uid());
  return list;
}

v1::ConnectionCount ConnectionBook::Count() const {
  v1::ConnectionCount count;
  for (const auto& [uid, live] : live_) {
    if (live.connection->state() == ConnectionState::kCreated) {
      count.set_pending(count.pending() + 1);
    }
  }
  count.set_active(static_cast<uint32_t>(live_.size()) - count.pending());
  return count;
}

std::optional<v1::Stats> ConnectionBook::StatsOf(const std::string& uid) const {
  if (const auto live = live_.find(uid); live != live_.end()) {
    return worker::StatsOf(*live->second.connection, uid);
  }
  const auto ended = ended_.find(uid);
  if (ended == ended_.end()) return std::nullopt;
  return ended->second.stats;
}

v1::StatsList ConnectionBook::AllStats(
    const v1::GetStats::EveryConnection& request) const {
  v1::StatsList list;
  PageFiller page(request.page());
  const auto take = [&](const std::string& uid, v1::Stats stats) {
    if (!page.Take(uid, stats.ByteSizeLong())) return false;
    *list.add_stats() = std::move(stats);
    return true;
  };
  Walk(
      request.page().after_uid(), true, !request.live_only(),
      [&](const std::string& uid, const Live& live) {
        return take(uid, worker::StatsOf(*live.connection, uid));
      },
      [&](const std::string& uid, const Ended& ended) {
        return take(uid, ended.stats);
      });
  list.set_next_after_uid(page.next_after_uid());
  return list;
}

v1::InflightList ConnectionBook::Inflight(int64_t min_age_ns) const {
  v1::InflightList list;
  for (const auto& [uid, live] : live_) {
    AddInflight(*live.connection, uid, min_age_ns, list);
  }
  std::sort(list.mutable_requests()->begin(), list.mutable_requests()->end(),
            [](const v1::InflightRequest& a, const v1::InflightRequest& b) {
              return a.age_ns() > b.age_ns();
            });
  return list;
}

void ConnectionBook::Visit(
    const std::function<void(const std::string&, const lisafs::Connection&)>&
        visit) const {
  for (const auto& [uid, live] : live_) {
    if (live.connection->state() == ConnectionState::kCreated) continue;
    visit(uid, *live.connection);
  }
}

void ConnectionBook::TakeNotes() {
  for (const ConnectionNotes::Note& note : notes_.Take()) {
    const auto uid = uids_.find(note.id);
    if (uid == uids_.end()) continue;
    const auto live = live_.find(uid->second);
    if (note.what == ConnectionNotes::Note::What::kMounted) {
      // A second note of this kind is about the mount point's FD.
      if (live->second.facts.mount_unix_ns() == 0) {
        live->second.facts.set_mount_unix_ns(note.unix_ns);
      }
      on_change_(View(live->second));
    } else {
      End(live, View(live->second), note.unix_ns);
    }
  }
}

void ConnectionBook::Tick(uint64_t now_ns) {
  for (auto& [uid, live] : live_) {
    if (live.abort_at_ns > now_ns) continue;
    live.abort_at_ns = UINT64_MAX;
    live.connection->Stop(lisafs::StopMode::kAbort,
                          lisafs::EndReason::kAdminStop);
  }
  while (!forget_.empty() && forget_.front().first <= now_ns) {
    Forget(forget_.front().second);
    forget_.pop_front();
  }
}

uint64_t ConnectionBook::NextTick() const {
  uint64_t next = forget_.empty() ? UINT64_MAX : forget_.front().first;
  for (const auto& [uid, live] : live_) next = std::min(next, live.abort_at_ns);
  return next;
}

v1::Connection ConnectionBook::View(const Live& live) {
  v1::Connection view = live.facts;
  view.set_state(FromState(live.connection->state()));
  view.set_end_reason(FromEndReason(live.connection->end_reason()));
  view.set_end_detail(live.connection->end_detail());
  view.set_open_file_count(live.connection->fd_counts().open);
  view.set_mount_fd(MountFdOf(live.facts, *live.connection));
  return view;
}

v1::Connection ConnectionBook::EndCreated(LiveMap::iterator live,
                                          v1::EndReason reason,
                                          absl::string_view detail) {
  v1::Connection facts = View(live->second);
  facts.set_end_reason(reason);
  facts.set_end_detail(
      std::string(detail.substr(0, lisafs::Connection::kMaxEndDetail)));
  return End(live, std::move(facts), rules::UnixNanos());
}

v1::Connection ConnectionBook::End(LiveMap::iterator live, v1::Connection facts,
                                   int64_t unix_ns) {
  facts.set_state(v1::CONNECTION_STATE_ENDED);
  facts.set_end_unix_ns(unix_ns);
  const lisafs::Connection& connection = *live->second.connection;
  Remember({facts, worker::StatsOf(connection, live->first)});
  uids_.erase(connection.id());
  live_.erase(live);
  on_change_(facts);
  return facts;
}

void ConnectionBook::Remember(Ended ended) {
  const std::string uid = ended.facts.uid();
  const uint64_t now = base::MonotonicNanos();
  forget_.emplace_back(
      retention_ns_ > UINT64_MAX - now ? UINT64_MAX : now + retention_ns_, uid);
  Forget(uid);
  ended_bytes_ += BytesOf(ended);
  ended_.emplace(uid, std::move(ended));
  while (forget_.size() > kMostEnded || ended_bytes_ > kMostEndedBytes) {
    Forget(forget_.front().second);
    forget_.pop_front();
  }
}

size_t ConnectionBook::BytesOf(const Ended& ended) {
  return ended.facts.ByteSizeLong() + ended.stats.ByteSizeLong();
}

void ConnectionBook::Forget(const std::string& uid) {
  const auto found = ended_.find(uid);
  if (found == ended_.end()) return;
  ended_bytes_ -= BytesOf(found->second);
  ended_.erase(found);
}

}  // namespace gofer::worker
