#include "controlplane/translate/stats_translation.h"

#include <map>

#include "absl/time/clock.h"
#include "controlplane/translate/rule_translation.h"
#include "controlplane/translate/time_conversion.h"

namespace goferd::translate {
namespace {

// goferd/worker/v1/stats.proto defines 23 buckets: the first ends at 256 ns,
// and each further bucket at twice the end of the bucket before.
constexpr int kBounds = 22;
constexpr int64_t kFirstBoundNs = 256;

void SetPathway(const worker::v1::PathwayStats& from, admin::PathwayStats& to) {
  to.set_call_count(static_cast<int64_t>(from.calls()));
  to.set_request_bytes(static_cast<int64_t>(from.bytes_in()));
  to.set_response_bytes(static_cast<int64_t>(from.bytes_out()));
}

void AddMessage(const worker::v1::MessageStats& from, admin::Stats& stats) {
  auto& to = *stats.add_messages();
  to.set_mid(static_cast<admin::Mid>(from.mid()));
  to.set_call_count(static_cast<int64_t>(from.calls()));
  // The map puts the errors in the order of their numbers.
  const std::map<int32_t, uint64_t> errors(from.errors().begin(),
                                           from.errors().end());
  for (const auto& [number, count] : errors) {
    auto& error = *to.add_errors();
    error.set_code(ErrnoName(number));
    error.set_count(static_cast<int64_t>(count));
  }
  to.set_request_bytes(static_cast<int64_t>(from.bytes_in()));
  to.set_response_bytes(static_cast<int64_t>(from.bytes_out()));
  auto& latency = *to.mutable_latency();
  latency.set_sum_ns(static_cast<int64_t>(from.latency_sum_ns()));
  for (const uint64_t count : from.latency_buckets()) {
    latency.add_bucket_counts(static_cast<int64_t>(count));
  }
}

}  // namespace

admin::Stats ToAdmin(const worker::v1::Stats& stats) {
  admin::Stats to;
  *to.mutable_sample_time() = UnixNanosToProto(stats.sample_unix_ns());
  for (const auto& message : stats.messages()) AddMessage(message, to);
  for (int i = 0; i < kBounds; ++i) {
    to.add_latency_bounds_ns(kFirstBoundNs << i);
  }
  SetPathway(stats.socket(), *to.mutable_socket());
  SetPathway(stats.channels(), *to.mutable_channels());
  to.set_channel_count(static_cast<int32_t>(stats.channel_count()));
  auto& fds = *to.mutable_fds();
  fds.set_control_count(static_cast<int64_t>(stats.control_fd_count()));
  fds.set_open_count(static_cast<int64_t>(stats.open_fd_count()));
  fds.set_bound_socket_count(
      static_cast<int64_t>(stats.bound_socket_fd_count()));
  to.set_node_count(static_cast<int64_t>(stats.node_count()));
  to.set_inflight_count(static_cast<int32_t>(stats.inflight_count()));
  return to;
}

admin::InflightRpc ToAdmin(const worker::v1::InflightRequest& request) {
  admin::InflightRpc to;
  to.set_mid(static_cast<admin::Mid>(request.mid()));
  to.set_pathway(static_cast<admin::InflightRpc::Pathway>(request.pathway()));
  const absl::Duration age = absl::Nanoseconds(request.age_ns());
  *to.mutable_age() = ToProto(age);
  *to.mutable_start_time() = ToProto(absl::Now() - age);
  return to;
}

}  // namespace goferd::translate
