// PathwayStats and ConnectionStats: what a connection did, per message.

#ifndef GOFER_SERVER_LISAFS_CONNECTION_STATS_H_
#define GOFER_SERVER_LISAFS_CONNECTION_STATS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "server/metrics/latency_histogram.h"
#include "server/wire/message_id.h"

namespace gofer::lisafs {

// A request that a handler works on.
struct InFlightRequest {
  uint16_t message;
  uint64_t since_ns;  // base::MonotonicNanos when it was received.
};

// Counters of one message. Requests for unknown messages share the last slot.
struct MessageCounters {
  uint64_t calls = 0;
  uint64_t errors = 0;  // Answered by an Error response.
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
  uint64_t latency_sum_ns = 0;
  std::array<uint64_t, metrics::LatencyHistogram::kBuckets> latency{};

  MessageCounters& operator+=(const MessageCounters& other);
};

// The sums over a connection's pathways.
struct ConnectionStats {
  static constexpr size_t kSlots = wire::kMessageIdCount + 1;
  static constexpr size_t kUnknown = wire::kMessageIdCount;
  std::array<MessageCounters, kSlots> messages;

  const MessageCounters& Of(wire::MessageId id) const {
    return messages[static_cast<size_t>(id)];
  }
};

// The counters of one pathway: written by its thread alone, read by any.
class PathwayStats {
 public:
  void Begin(uint16_t message, uint64_t now_ns) {
    in_flight_message_.store(message, std::memory_order_relaxed);
    in_flight_since_.store(now_ns, std::memory_order_relaxed);
  }
  enum class Outcome { kSuccess, kError };
  // `bytes_*` are payload bytes, `latency_ns` the time from Begin.
  void End(uint16_t message, Outcome outcome, uint64_t bytes_in,
           uint64_t bytes_out, uint64_t latency_ns);

  // Nothing when the pathway is idle. The two numbers may belong to successive
  // requests when one ends meanwhile.
  std::optional<InFlightRequest> InFlight() const;

  void AddTo(ConnectionStats& sums) const;

 private:
  struct Cells {
    metrics::Counter errors;
    metrics::Counter bytes_in;
    metrics::Counter bytes_out;
    metrics::LatencyHistogram latency;
  };
  std::atomic<uint16_t> in_flight_message_ = 0;
  std::atomic<uint64_t> in_flight_since_ = 0;
  std::array<Cells, ConnectionStats::kSlots> cells_;
};

}  // namespace gofer::lisafs

#endif  // GOFER_SERVER_LISAFS_CONNECTION_STATS_H_
