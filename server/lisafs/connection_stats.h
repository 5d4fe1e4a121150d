// PathwayStats and ConnectionStats: what a connection did, per message.

#ifndef GOFER_SERVER_LISAFS_CONNECTION_STATS_H_
#define GOFER_SERVER_LISAFS_CONNECTION_STATS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "server/base/mutex.h"
#include "server/comm/communicator.h"
#include "server/lisafs/error_counters.h"
#include "server/metrics/latency_histogram.h"
#include "server/wire/message_id.h"

namespace gofer::lisafs {

// A request that a handler works on.
struct InFlightRequest {
  uint16_t message = 0;
  uint64_t since_ns = 0;  // base::MonotonicNanos when it was received.
  comm::Communicator::Kind pathway = comm::Communicator::Kind::kSocket;
  // The uid of the rule that holds the request back; empty when none does.
  std::string holder;
};

// Counters of one message. Requests for unknown messages share the last slot.
struct MessageCounters {
  uint64_t calls = 0;
  uint64_t errors = 0;  // Answered by an Error response.
  // The errors by errno. The key ErrorCounters::kOther counts the errnos that a
  // pathway had no room for.
  std::map<int, uint64_t> errors_by_number;
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
  uint64_t latency_sum_ns = 0;
  std::array<uint64_t, metrics::LatencyHistogram::kBuckets> latency{};

  MessageCounters& operator+=(const MessageCounters& other);
};

// Counters of one kind of pathway.
struct PathwayCounters {
  uint64_t calls = 0;
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;

  PathwayCounters& operator+=(const PathwayCounters& other);
};

// The sums over the pathways of a connection or of a server.
struct ConnectionStats {
  static constexpr size_t kSlots = wire::kMessageIdCount + 1;
  static constexpr size_t kUnknown = wire::kMessageIdCount;
  std::array<MessageCounters, kSlots> messages;
  PathwayCounters socket;
  PathwayCounters channels;

  const MessageCounters& ForMessage(wire::MessageId id) const {
    return messages[static_cast<size_t>(id)];
  }
  ConnectionStats& operator+=(const ConnectionStats& other);
};

// The counters of one pathway: written by its thread alone, read by any.
class PathwayStats {
 public:
  using Kind = comm::Communicator::Kind;

  explicit PathwayStats(Kind kind) : kind_(kind) {}

  void Begin(uint16_t message, uint64_t now_ns) {
    in_flight_message_.store(message, std::memory_order_relaxed);
    in_flight_since_.store(now_ns, std::memory_order_relaxed);
  }
  // `error`: the errno that was answered, 0 for success. `bytes_*` are payload
  // bytes, `latency_ns` the time from Begin.
  void End(uint16_t message, int error, uint64_t bytes_in, uint64_t bytes_out,
           uint64_t latency_ns);

  // Says which rule holds the request in flight back; empty for none.
  void SetHolder(absl::string_view uid);

  // Nothing when the pathway is idle. The parts may belong to successive
  // requests when a request ends meanwhile.
  std::optional<InFlightRequest> InFlight() const;

  void AddTo(ConnectionStats& sums) const;

 private:
  struct Cells {
    ErrorCounters errors;
    metrics::Counter bytes_in;
    metrics::Counter bytes_out;
    metrics::LatencyHistogram latency;
  };
  const Kind kind_;
  std::atomic<uint16_t> in_flight_message_ = 0;
  std::atomic<uint64_t> in_flight_since_ = 0;
  std::array<Cells, ConnectionStats::kSlots> cells_;

  mutable base::Mutex holder_mu_;
  std::string holder_ ABSL_GUARDED_BY(holder_mu_);
};

}  // namespace gofer::lisafs

#endif  // GOFER_SERVER_LISAFS_CONNECTION_STATS_H_
