#include "server/lisafs/connection_stats.h"

#include <algorithm>

namespace gofer::lisafs {

MessageCounters& MessageCounters::operator+=(const MessageCounters& other) {
  calls += other.calls;
  errors += other.errors;
  bytes_in += other.bytes_in;
  bytes_out += other.bytes_out;
  latency_sum_ns += other.latency_sum_ns;
  for (size_t i = 0; i < latency.size(); ++i) latency[i] += other.latency[i];
  return *this;
}

void PathwayStats::End(uint16_t message, Outcome outcome, uint64_t bytes_in,
                       uint64_t bytes_out, uint64_t latency_ns) {
  Cells& cells = cells_[std::min<size_t>(message, ConnectionStats::kUnknown)];
  if (outcome == Outcome::kError) cells.errors.Add(1);
  cells.bytes_in.Add(bytes_in);
  cells.bytes_out.Add(bytes_out);
  cells.latency.Add(latency_ns);
  in_flight_since_.store(0, std::memory_order_relaxed);
}

std::optional<InFlightRequest> PathwayStats::InFlight() const {
  const uint64_t since = in_flight_since_.load(std::memory_order_relaxed);
  if (since == 0) return std::nullopt;
  return InFlightRequest{in_flight_message_.load(std::memory_order_relaxed),
                         since};
}

void PathwayStats::AddTo(ConnectionStats& sums) const {
  for (size_t slot = 0; slot < cells_.size(); ++slot) {
    const Cells& cells = cells_[slot];
    MessageCounters& sum = sums.messages[slot];
    sum.errors += cells.errors.Get();
    sum.bytes_in += cells.bytes_in.Get();
    sum.bytes_out += cells.bytes_out.Get();
    sum.latency_sum_ns += cells.latency.sum_ns();
    for (size_t i = 0; i < sum.latency.size(); ++i) {
      sum.latency[i] += cells.latency.bucket(i);
      // Every call has a latency, so the buckets count the calls.
      sum.calls += cells.latency.bucket(i);
    }
  }
}

}  // namespace gofer::lisafs
