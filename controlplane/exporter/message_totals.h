// MessageTotals: counters of servers that come and go, as sums that only grow.

#ifndef GOFERD_CONTROLPLANE_EXPORTER_MESSAGE_TOTALS_H_
#define GOFERD_CONTROLPLANE_EXPORTER_MESSAGE_TOTALS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "goferd/admin/v1/stats.pb.h"

namespace goferd::exporter {

// The counters of one message, summed up over all servers, past ones included.
struct MessageTotal {
  int64_t calls = 0;
  int64_t errors = 0;
  int64_t request_bytes = 0;
  int64_t response_bytes = 0;
  int64_t latency_sum_ns = 0;
  std::vector<int64_t> latency_buckets;

  MessageTotal& operator+=(const MessageTotal& other);
};

// Sums counters by message name. The counters of a server that is gone, or was
// started again (another uid or start), stay in the sums: a counter that goes
// back would look like a restart to Prometheus. Keeps one set of counters for
// each server that was in the last sample. Not thread-safe.
class MessageTotals {
 public:
  using ByMessage = std::map<std::string, MessageTotal>;

  // `samples` are from all servers that answered; `silent` names the servers
  // that did not, whose last counters stand.
  const ByMessage& Update(const std::vector<admin::v1::Stats>& samples,
                          const std::vector<std::string>& silent);

 private:
  struct Server {
    std::string life;  // The uid and the start.
    ByMessage messages;
  };
  std::map<std::string, Server> servers_;  // By name.
  ByMessage gone_;
  ByMessage sums_;
};

}  // namespace goferd::exporter

#endif  // GOFERD_CONTROLPLANE_EXPORTER_MESSAGE_TOTALS_H_
