#include "controlplane/exporter/metrics_collector.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include "controlplane/supervisor/stats_lists.h"
#include "goferd/admin/v1/connection.pb.h"
#include "goferd/admin/v1/server.pb.h"

#ifndef GOFERD_VERSION
#error "the build defines GOFERD_VERSION"
#endif

namespace goferd::exporter {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

// The first bucket ends at 256 ns, and each further bucket at twice the end of
// the bucket before.
constexpr size_t kBuckets = 23;
constexpr double kFirstBoundSeconds = 256e-9;
constexpr double kSecondsPerNano = 1e-9;

MetricFamily Family(const char* name, const char* help, MetricType type) {
  MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  return family;
}

void Add(MetricFamily& family, int64_t value, Labels labels = {}) {
  ClientMetric& metric = family.metric.emplace_back();
  metric.label = std::move(labels);
  if (family.type == MetricType::Counter) {
    metric.counter.value = static_cast<double>(value);
  } else {
    metric.gauge.value = static_cast<double>(value);
  }
}

MetricFamily One(const char* name, const char* help, MetricType type,
                 int64_t value) {
  MetricFamily family = Family(name, help, type);
  Add(family, value);
  return family;
}

MetricFamily ServersByState(const supervisor::Totals& totals) {
  MetricFamily family =
      Family("goferd_servers", "Servers by state.", MetricType::Gauge);
  for (int state = 1; state < admin::v1::Server::State_ARRAYSIZE; ++state) {
    Add(family, totals.servers_by_state[static_cast<size_t>(state)],
        {{"state", admin::v1::Server::State_Name(state)}});
  }
  return family;
}

MetricFamily ConnectionsByState(const model::ConnectionCounts& counts) {
  MetricFamily family =
      Family("goferd_connections",
             "Connections by state; ended ones as long as they are listed.",
             MetricType::Gauge);
  for (int state = 1; state < admin::v1::Connection::State_ARRAYSIZE; ++state) {
    Add(family, counts.by_state[static_cast<size_t>(state)],
        {{"state", admin::v1::Connection::State_Name(state)}});
  }
  return family;
}

void AddHistogram(MetricFamily& family, const std::string& message,
                  const MessageTotal& total) {
  ClientMetric& metric = family.metric.emplace_back();
  metric.label = {{"message", message}};
  metric.histogram.sample_sum =
      static_cast<double>(total.latency_sum_ns) * kSecondsPerNano;
  uint64_t cumulative = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    if (i < total.latency_buckets.size()) {
      cumulative += static_cast<uint64_t>(total.latency_buckets[i]);
    }
    const double bound = i + 1 < kBuckets
                             ? kFirstBoundSeconds * std::exp2(i)
                             : std::numeric_limits<double>::infinity();
    metric.histogram.bucket.push_back({cumulative, bound});
  }
  metric.histogram.sample_count = cumulative;
}

void AddMessages(const MessageTotals::ByMessage& messages,
                 std::vector<MetricFamily>& families) {
  MetricFamily calls =
      Family("goferd_rpc_calls_total", "LISAFS requests answered, by message.",
             MetricType::Counter);
  MetricFamily errors =
      Family("goferd_rpc_errors_total", "LISAFS requests answered by an error.",
             MetricType::Counter);
  MetricFamily latency =
      Family("goferd_rpc_latency_seconds",
             "Time from a LISAFS request's receipt to its answer.",
             MetricType::Histogram);
  for (const auto& [message, total] : messages) {
    Add(calls, total.calls, {{"message", message}});
    Add(errors, total.errors, {{"message", message}});
    AddHistogram(latency, message, total);
  }
  families.push_back(std::move(calls));
  families.push_back(std::move(errors));
  families.push_back(std::move(latency));
}

void AddHoldings(const std::vector<admin::v1::Stats>& samples,
                 std::vector<MetricFamily>& families) {
  int64_t control = 0, open = 0, bound = 0, nodes = 0, channels = 0, busy = 0;
  for (const admin::v1::Stats& sample : samples) {
    control += sample.fds().control_count();
    open += sample.fds().open_count();
    bound += sample.fds().bound_socket_count();
    nodes += sample.node_count();
    channels += sample.channel_count();
    busy += sample.inflight_count();
  }
  MetricFamily fds = Family("goferd_lisafs_fds", "LISAFS FDs alive, by kind.",
                            MetricType::Gauge);
  Add(fds, control, {{"kind", "control"}});
  Add(fds, open, {{"kind", "open"}});
  Add(fds, bound, {{"kind", "bound_socket"}});
  families.push_back(std::move(fds));
  families.push_back(
      One("goferd_nodes", "Tree nodes alive.", MetricType::Gauge, nodes));
  families.push_back(One("goferd_channels", "Shared-memory channels open.",
                         MetricType::Gauge, channels));
  families.push_back(One("goferd_inflight_rpcs", "LISAFS requests in flight.",
                         MetricType::Gauge, busy));
}

MetricFamily BuildInfo() {
  MetricFamily family =
      Family("goferd_build_info", "The release of goferd.", MetricType::Gauge);
  Add(family, 1, {{"version", GOFERD_VERSION}});
  return family;
}

}  // namespace

std::vector<MetricFamily> MetricsCollector::Collect() const {
  const auto totals = statistics_.GetTotals();
  std::vector<MetricFamily> families;
  families.push_back(BuildInfo());
  families.push_back(ServersByState(totals));
  families.push_back(ConnectionsByState(totals.connections));
  families.push_back(
      One("goferd_mount_fd_connections",
          "Active connections whose client holds its mount point's FD "
          "(directfs): rules and counters do not see what it does.",
          MetricType::Gauge, totals.connections.mount_fd_donated));
  families.push_back(One("goferd_pending_tickets", "Tickets not used yet.",
                         MetricType::Gauge, totals.pending_tickets));
  families.push_back(One("goferd_handler_rules", "Handler rules in force.",
                         MetricType::Gauge, totals.rules));
  families.push_back(One("goferd_gofer_restarts_total",
                         "Gofers started again after a death.",
                         MetricType::Counter, totals.gofer_restarts));
  families.push_back(One("goferd_gofer_crashes_total", "Gofers that died.",
                         MetricType::Counter, totals.gofer_crashes));
  // The lock is taken before the gofers are asked: otherwise, with two scrapes
  // at a time, the older sample could be added up last, and counters would go
  // back.
  gofer::base::MutexLock lock(mu_);
  const auto stats =
      statistics_.GetStats(names::ServerScope::All(), std::nullopt);
  if (!stats.ok()) return families;
  families.push_back(One(
      "goferd_unreachable_gofers", "Gofers that did not answer this scrape.",
      MetricType::Gauge, static_cast<int64_t>(stats->unreachable.size())));
  AddHoldings(stats->stats, families);
  AddMessages(totals_.Update(stats->stats, stats->unreachable), families);
  return families;
}

}  // namespace goferd::exporter
