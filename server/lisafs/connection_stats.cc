#include "server/lisafs/connection_stats.h"

#include <algorithm>

namespace gofer::lisafs {

MessageCounters& MessageCounters::operator+=(const MessageCounters& other) {
  calls += other.calls;
  errors += other.errors;
  for (const auto& [number, count] : other.errors_by_number) {
    errors_by_number[number] += count;
  }
  bytes_in += other.bytes_in;
  bytes_out += other.bytes_out;
  latency_sum_ns += other.latency_sum_ns;
  for (size_t i = 0; i < latency.size(); ++i) latency[i] += other.latency[i];
  return *this;
}

PathwayCounters& PathwayCounters::operator+=(const PathwayCounters& other) {
  calls += other.calls;
  bytes_in += other.bytes_in;
  bytes_out += other.bytes_out;
  return *this;
}

ConnectionStats& ConnectionStats::operator+=(const ConnectionStats& other) {
  for (size_t i = 0; i < kSlots; ++i) messages[i] += other.messages[i];
  socket += other.socket;
  channels += other.channels;
  return *this;
}

void PathwayStats::End(uint16_t message, int error, uint64_t bytes_in,
                       uint64_t bytes_out, uint64_t latency_ns) {
  Cells& cells = cells_[std::min<size_t>(message, ConnectionStats::kUnknown)];
  if (error != 0) cells.errors.Add(error);
  cells.bytes_in.Add(bytes_in);
  cells.bytes_out.Add(bytes_out);
  cells.latency.Add(latency_ns);
  in_flight_since_.store(0, std::memory_order_relaxed);
}

void PathwayStats::SetHolder(absl::string_view uid) {
  base::MutexLock lock(holder_mu_);
  holder_.assign(uid.data(), uid.size());
}

std::optional<InFlightRequest> PathwayStats::InFlight() const {
  InFlightRequest request;
  request.since_ns = in_flight_since_.load(std::memory_order_relaxed);
  if (request.since_ns == 0) return std::nullopt;
  request.message = in_flight_message_.load(std::memory_order_relaxed);
  request.pathway = kind_;
  base::MutexLock lock(holder_mu_);
  request.holder = holder_;
  return request;
}

void PathwayStats::AddTo(ConnectionStats& sums) const {
  PathwayCounters total;
  for (size_t slot = 0; slot < cells_.size(); ++slot) {
    const Cells& cells = cells_[slot];
    MessageCounters& sum = sums.messages[slot];
    uint64_t calls = 0;
    for (size_t i = 0; i < sum.latency.size(); ++i) {
      const uint64_t count = cells.latency.bucket(i);
      sum.latency[i] += count;
      // Every call has a latency, so the buckets count the calls.
      calls += count;
    }
    const PathwayCounters here{calls, cells.bytes_in.Get(),
                               cells.bytes_out.Get()};
    sum.calls += here.calls;
    sum.errors += cells.errors.AddTo(sum.errors_by_number);
    sum.bytes_in += here.bytes_in;
    sum.bytes_out += here.bytes_out;
    sum.latency_sum_ns += cells.latency.sum_ns();
    total += here;
  }
  (kind_ == Kind::kSocket ? sums.socket : sums.channels) += total;
}

}  // namespace gofer::lisafs
