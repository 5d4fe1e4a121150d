#include "server/worker/stats_translation.h"

#include <cstdint>
#include <string>

#include "server/base/clock.h"
#include "server/lisafs/connection_stats.h"
#include "server/rules/unix_clock.h"

namespace gofer::worker {
namespace {

namespace v1 = ::goferd::worker::v1;

void AddMessage(size_t slot, const lisafs::MessageCounters& counters,
                v1::Stats& stats) {
  if (counters.calls == 0) return;
  v1::MessageStats& message = *stats.add_messages();
  if (slot != lisafs::ConnectionStats::kUnknown) {
    message.set_mid(static_cast<uint32_t>(slot));
  }
  message.set_calls(counters.calls);
  for (const auto& [number, count] : counters.errors_by_number) {
    (*message.mutable_errors())[number] = count;
  }
  message.set_bytes_in(counters.bytes_in);
  message.set_bytes_out(counters.bytes_out);
  message.set_latency_sum_ns(counters.latency_sum_ns);
  size_t used = counters.latency.size();
  while (used > 0 && counters.latency[used - 1] == 0) --used;
  for (size_t i = 0; i < used; ++i) {
    message.add_latency_buckets(counters.latency[i]);
  }
}

v1::PathwayStats ToPathway(const lisafs::PathwayCounters& counters) {
  v1::PathwayStats pathway;
  pathway.set_calls(counters.calls);
  pathway.set_bytes_in(counters.bytes_in);
  pathway.set_bytes_out(counters.bytes_out);
  return pathway;
}

v1::Stats ToStats(const lisafs::ConnectionStats& counters) {
  v1::Stats stats;
  stats.set_sample_unix_ns(rules::UnixNanos());
  // Unknown messages come first: their number is 0.
  constexpr size_t kUnknown = lisafs::ConnectionStats::kUnknown;
  AddMessage(kUnknown, counters.messages[kUnknown], stats);
  for (size_t slot = 0; slot < kUnknown; ++slot) {
    AddMessage(slot, counters.messages[slot], stats);
  }
  *stats.mutable_socket() = ToPathway(counters.socket);
  *stats.mutable_channels() = ToPathway(counters.channels);
  return stats;
}

void AddHeld(const lisafs::Connection& connection, v1::Stats& stats) {
  const lisafs::FdCounts fds = connection.fd_counts();
  stats.set_control_fd_count(stats.control_fd_count() + fds.control);
  stats.set_open_fd_count(stats.open_fd_count() + fds.open);
  stats.set_bound_socket_fd_count(stats.bound_socket_fd_count() +
                                  fds.bound_socket);
  stats.set_inflight_count(stats.inflight_count() +
                           static_cast<uint32_t>(connection.InFlight().size()));
}

}  // namespace

v1::Stats StatsOf(const lisafs::Connection& connection, absl::string_view uid) {
  v1::Stats stats = ToStats(connection.Stats());
  stats.set_connection_uid(std::string(uid));
  AddHeld(connection, stats);
  stats.set_channel_count(
      static_cast<uint32_t>(connection.open_channel_count()));
  stats.set_node_count(connection.node_count());
  return stats;
}

v1::Stats StatsOf(const lisafs::Server& server) {
  v1::Stats stats = ToStats(server.TotalStats());
  for (const auto& connection : server.Connections()) {
    AddHeld(*connection, stats);
  }
  stats.set_channel_count(server.ChannelCount());
  stats.set_node_count(static_cast<uint64_t>(server.NodeCount()));
  return stats;
}

void AddInflight(const lisafs::Connection& connection, absl::string_view uid,
                 int64_t min_age_ns, v1::InflightList& list) {
  const uint64_t now = base::MonotonicNanos();
  for (const lisafs::InFlightRequest& request : connection.InFlight()) {
    const auto age = static_cast<int64_t>(
        now > request.since_ns ? now - request.since_ns : 0);
    if (age < min_age_ns) continue;
    v1::InflightRequest& entry = *list.add_requests();
    entry.set_connection_uid(std::string(uid));
    entry.set_mid(request.message);
    entry.set_pathway(request.pathway == comm::Communicator::Kind::kSocket
                          ? v1::InflightRequest::SOCKET
                          : v1::InflightRequest::CHANNEL);
    entry.set_age_ns(age);
    entry.set_rule_uid(request.holder);
  }
}

}  // namespace gofer::worker
