#include "absl/time/clock.h"
#include "clients/goferctl/fan_out.h"
#include "clients/goferctl/groups.h"
#include "clients/goferctl/interruption.h"
#include "clients/goferctl/listing.h"
#include "clients/goferctl/names.h"
#include "clients/goferctl/option.h"
#include "clients/goferctl/stats_view.h"
#include "goferd/admin/v1/stats_service.pb.h"
#include "grpcpp/client_context.h"
#include "server/base/mutex.h"

namespace goferctl {
namespace {

using namespace goferd::admin::v1;  // NOLINT: the API's own names.
namespace methods = goferd::client::methods;

struct StatsFlags {
  std::string name;
  bool watch = false;
  std::string interval;
};

void Declare(CLI::App& app, StatsFlags& flags) {
  DeclareArgument(app, "NAME", flags.name,
                  "SERVER or SERVER/CONNECTION; with -w, - stands for all");
  DeclareFlag(app, "-w,--watch", flags.watch, "Print a sample again and again");
  DeclareDuration(app, "--interval", flags.interval,
                  "With -w: time between two samples (default 10s)");
}

// One sample: a row for each server or connection.
absl::Status Watch(Context& context, const StatsFlags& flags,
                   const std::string& name) {
  WatchStatsRequest request;
  request.set_name(name);
  if (!flags.interval.empty()) {
    *request.mutable_interval() = ToProto(DurationOf(flags.interval));
  }
  auto nodes = context.AllNodes();
  if (!nodes.ok()) return nodes.status();
  Listing listing(context, StatsView().columns, Listing::Kind::kStream);
  Interruption interruption;
  gofer::base::Mutex mu;
  return RunOnAll(context, *nodes, [&](size_t, Node& node) {
    grpc::ClientContext call;
    const Interruption::Cancellable cancellable(interruption, call);
    const auto timeout = context.long_call_options().timeout;
    if (timeout != absl::InfiniteDuration()) {
      call.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
    }
    const absl::Status status = node.client->WatchStats(
        call, request, [&](const WatchStatsResponse& response) {
          const gofer::base::MutexLock lock(mu);
          for (const Stats& stats : response.stats()) {
            listing.Add(node.name, stats, StatsView().cells(stats));
          }
          listing.Print();
          WarnUnreachable(context, node, response);
          return true;
        });
    return interruption.came() ? absl::OkStatus() : status;
  });
}

absl::Status Run(Context& context, const StatsFlags& flags) {
  const auto name = ServerOrConnectionName(flags.name);
  if (!name.ok()) return name.status();
  if (flags.watch) return Watch(context, flags, *name);
  const auto node = context.OneNode();
  if (!node.ok()) return node.status();
  GetStatsRequest request;
  request.set_name(*name);
  const auto stats =
      node->client->Call(methods::kGetStats, request, context.call_options());
  if (!stats.ok()) return stats.status();
  Print(context, StatsView(), *stats);
  return absl::OkStatus();
}

}  // namespace

void AddStatsCommands(CLI::App& app, Action& chosen) {
  AddCommand(app, chosen, "stats",
             "Show counters and latencies of a server or a connection",
             "stats web\nstats web/c1 -o json\nstats - -w --interval=2s",
             &Declare, &Run);
}

}  // namespace goferctl
