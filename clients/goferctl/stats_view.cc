#include "clients/goferctl/stats_view.h"

#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "clients/goferctl/directfs_view.h"
#include "clients/goferctl/format.h"
#include "clients/goferctl/names.h"
#include "clients/goferctl/table.h"

namespace goferctl {
namespace {

using goferd::admin::v1::ErrorCount;
using goferd::admin::v1::LatencyHistogram;
using goferd::admin::v1::MessageStats;
using goferd::admin::v1::Stats;

// How many connections are not counted, of how many.
std::string DirectfsCell(const Stats& stats) {
  if (stats.mount_fd_connection_count() == 0) return "";
  return absl::StrCat(stats.mount_fd_connection_count(), "/",
                      stats.active_connection_count());
}

std::vector<std::string> Cells(const Stats& stats) {
  return {ShortName(stats.name()),
          absl::StrCat(stats.socket().call_count()),
          absl::StrCat(stats.channels().call_count()),
          absl::StrCat(stats.channel_count()),
          absl::StrCat(stats.fds().control_count() + stats.fds().open_count() +
                           stats.fds().bound_socket_count(),
                       "/", stats.fds().limit()),
          absl::StrCat(stats.node_count()),
          absl::StrCat(stats.inflight_count()),
          DirectfsCell(stats),
          stats.memory_bytes() == 0 ? "" : Bytes(stats.memory_bytes())};
}

std::string ErrorsOf(const MessageStats& message) {
  return absl::StrJoin(message.errors(), ",",
                       [](std::string* out, const ErrorCount& error) {
                         absl::StrAppend(out, error.code(), "=", error.count());
                       });
}

std::string MeanOf(const MessageStats& message) {
  if (message.call_count() <= 0) return "";
  return ShortDuration(
      absl::Nanoseconds(message.latency().sum_ns() / message.call_count()));
}

std::vector<std::string> Notes(const Stats& stats) {
  Table table(
      {"  MESSAGE", "CALLS", "MEAN", "P50", "P99", "IN", "OUT", "ERRORS"},
      Table::Header::kShow);
  for (const MessageStats& message : stats.messages()) {
    table.AddRow({"  " + MidName(message.mid()),
                  absl::StrCat(message.call_count()), MeanOf(message),
                  Percentile(message.latency(), stats.latency_bounds_ns(), 50),
                  Percentile(message.latency(), stats.latency_bounds_ns(), 99),
                  Bytes(message.request_bytes()),
                  Bytes(message.response_bytes()), ErrorsOf(message)});
  }
  std::ostringstream text;
  if (stats.messages_size() > 0) table.Print(text);
  std::vector<std::string> notes =
      absl::StrSplit(text.str(), '\n', absl::SkipEmpty());
  for (const auto& holder : stats.top_fd_holders()) {
    notes.push_back(absl::StrCat("  ", ShortName(holder.connection()), " has ",
                                 holder.fd_count(), " FDs"));
  }
  std::string directfs = DirectfsNote(stats.mount_fd_connection_count(),
                                      stats.active_connection_count());
  if (!directfs.empty()) notes.push_back(std::move(directfs));
  return notes;
}

}  // namespace

const View<Stats>& StatsView() {
  static const auto* const view =
      new View<Stats>{{"NAME", "SOCKET CALLS", "CHANNEL CALLS", "CHANNELS",
                       "FDS", "NODES", "INFLIGHT", "DIRECTFS", "MEMORY"},
                      &Cells,
                      &Notes};
  return *view;
}

std::string Percentile(
    const LatencyHistogram& histogram,
    const google::protobuf::RepeatedField<int64_t>& bounds_ns, int percent) {
  int64_t total = 0;
  for (const int64_t count : histogram.bucket_counts()) total += count;
  if (total <= 0 || bounds_ns.empty()) return "";
  // The rank of the request, counted from 1.
  const int64_t rank =
      (total / 100) * percent + ((total % 100) * percent + 99) / 100;
  int64_t seen = 0;
  for (int i = 0; i < histogram.bucket_counts_size(); ++i) {
    seen += histogram.bucket_counts(i);
    if (seen < rank) continue;
    if (i >= bounds_ns.size()) break;
    return absl::StrCat("<", ShortDuration(absl::Nanoseconds(bounds_ns[i])));
  }
  return absl::StrCat(
      ">", ShortDuration(absl::Nanoseconds(bounds_ns[bounds_ns.size() - 1])));
}

}  // namespace goferctl
