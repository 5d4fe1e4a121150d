#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/goferctl/format.h"
#include "clients/goferctl/groups.h"
#include "clients/goferctl/listing.h"
#include "clients/goferctl/names.h"
#include "clients/goferctl/option.h"
#include "goferd/admin/v1/daemon_service.pb.h"
#include "google/protobuf/struct.pb.h"

namespace goferctl {
namespace {

using goferd::client::Health;
using namespace goferd::admin::v1;  // NOLINT: the API's own names.
namespace methods = goferd::client::methods;

struct NoFlags {};

struct InflightFlags {
  std::string parent = "-";
  std::string min_age;
};

struct LogLevelFlags {
  LogLevel level = LOG_LEVEL_UNSPECIFIED;
  std::string server;
  MutationFlags mutation;
};

struct HealthFlags {
  std::string service;
};

void DeclareNothing(CLI::App&, NoFlags&) {}

void DeclareInflight(CLI::App& app, InflightFlags& flags) {
  DeclareOption(app, "NAME", flags.parent,
                "SERVER or SERVER/CONNECTION (default: all)");
  DeclareDuration(app, "--min-age", flags.min_age,
                  "Only requests that have been in flight for this long");
}

void DeclareLogLevel(CLI::App& app, LogLevelFlags& flags) {
  DeclareEnum<LogLevel>(app, "LEVEL", flags.level,
                        {{"debug", LOG_LEVEL_DEBUG},
                         {"info", LOG_LEVEL_INFO},
                         {"warning", LOG_LEVEL_WARNING},
                         {"error", LOG_LEVEL_ERROR},
                         {"off", LOG_LEVEL_OFF}},
                        "debug, info, warning, error, off")
      .Require();
  DeclareOption(app, "--server", flags.server,
                "The server whose gofer changes its level, - for all servers\n"
                "(default: goferd itself)");
  DeclareMutationFlags(app, flags.mutation);
}

void DeclareHealth(CLI::App& app, HealthFlags& flags) {
  DeclareOption(app, "SERVICE", flags.service,
                "Full name of a service (default: all of goferd)");
}

std::vector<std::string> InfoCells(const DaemonInfo& info) {
  return {info.node(),
          info.version(),
          Age(info.start_time()),
          info.kernel_release(),
          absl::StrJoin(info.kernel_features(), ","),
          Word(LogLevel_Name(info.log_level()), "LOG_LEVEL_"),
          absl::StrJoin(info.allowed_roots(), ","),
          absl::StrJoin(info.capabilities(), ",")};
}

absl::Status Info(Context& context, const NoFlags&) {
  const View<DaemonInfo> view{
      {"NAME", "VERSION", "UP", "KERNEL", "KERNEL FEATURES", "LOG LEVEL",
       "ALLOWED ROOTS", "CAPABILITIES"},
      &InfoCells};
  Listing listing(context, view.columns, Listing::Kind::kWhole);
  bool any = false;
  const absl::Status status = FanOut<DaemonInfo>(
      context,
      [&](Node& node) {
        return node.client->Call(methods::kGetInfo, GetInfoRequest(),
                                 context.call_options());
      },
      [&](const Node& node, const DaemonInfo& info) {
        any = true;
        if (!context.has_several_nodes()) return Print(context, view, info);
        listing.Add(node.name, info, view.cells(info));
      });
  if (any && context.has_several_nodes()) listing.Print();
  return status;
}

std::vector<std::string> InflightCells(const InflightRpc& rpc) {
  return {ShortName(rpc.connection()), MidName(rpc.mid()),
          Word(InflightRpc::Pathway_Name(rpc.pathway())),
          ShortDuration(DurationOf(rpc.age())), ShortName(rpc.handler_rule())};
}

absl::Status Inflight(Context& context, const InflightFlags& flags) {
  const auto parent = ServerOrConnectionName(flags.parent);
  if (!parent.ok()) return parent.status();
  ListInflightRpcsRequest request;
  request.set_parent(*parent);
  if (!flags.min_age.empty()) {
    *request.mutable_min_age() = ToProto(DurationOf(flags.min_age));
  }
  const std::function<absl::StatusOr<ListInflightRpcsResponse>(Node&)> ask =
      [&](Node& node) {
        return ListAll(*node.client, methods::kListInflightRpcs, request,
                       context.call_options());
      };
  const auto items =
      static_cast<const google::protobuf::RepeatedPtrField<InflightRpc>& (
          ListInflightRpcsResponse::*)() const>(
          &ListInflightRpcsResponse::inflight_rpcs);
  const View<InflightRpc> view{
      {"CONNECTION", "MESSAGE", "PATHWAY", "AGE", "HELD BY"}, &InflightCells};
  return PrintList(context, view, ask, items);
}

std::vector<std::string> LevelCells(const SetLogLevelResponse& response) {
  return {Word(LogLevel_Name(response.previous_log_level()), "LOG_LEVEL_")};
}

absl::Status SetLevel(Context& context, const LogLevelFlags& flags) {
  SetLogLevelRequest request;
  if (!flags.server.empty()) {
    const auto name = ServerName(flags.server);
    if (!name.ok()) return name.status();
    request.set_name(*name);
  }
  request.set_log_level(flags.level);
  Apply(flags.mutation, &request);
  const auto node = context.OneNode();
  if (!node.ok()) return node.status();
  const auto set = node->client->Call(methods::kSetLogLevel, request,
                                      context.call_options());
  if (!set.ok()) return set.status();
  Print(context, View<SetLogLevelResponse>{{"BEFORE"}, &LevelCells}, *set);
  WarnUnreachable(context, *node, *set);
  return absl::OkStatus();
}

std::string HealthWord(Health health) {
  switch (health) {
    case Health::kServing:
      return "SERVING";
    case Health::kNotServing:
      return "NOT_SERVING";
    case Health::kUnknown:
      break;
  }
  return "UNKNOWN";
}

absl::Status CheckHealth(Context& context, const HealthFlags& flags) {
  Listing listing(context, {"HEALTH"}, Listing::Kind::kWhole);
  bool any = false;
  bool all_serve = true;
  const absl::Status status = FanOut<Health>(
      context,
      [&](Node& node) {
        return node.client->CheckHealth(flags.service, context.call_options());
      },
      [&](const Node& node, const Health& health) {
        any = true;
        all_serve = all_serve && health == Health::kServing;
        google::protobuf::Struct json;
        (*json.mutable_fields())["status"].set_string_value(HealthWord(health));
        listing.Add(node.name, json, {HealthWord(health)});
      });
  if (any) listing.Print();
  if (status.ok() && !all_serve) {
    return absl::UnavailableError("goferd does not serve: see HEALTH above");
  }
  return status;
}

}  // namespace

void AddDaemonCommands(CLI::App& app, Action& chosen) {
  AddCommand(app, chosen, "info",
             "Show version, limits and abilities of goferd",
             "info\ninfo -o json", &DeclareNothing, &Info);
  AddCommand(app, chosen, "inflight",
             "List requests that gofers work on, the oldest first",
             "inflight --min-age=1s\ninflight web/c1", &DeclareInflight,
             &Inflight);
  AddCommand(app, chosen, "log-level", "Change how much is logged",
             "log-level debug\nlog-level debug --server=web", &DeclareLogLevel,
             &SetLevel);
  AddCommand(app, chosen, "health",
             "Show whether goferd serves; exit code 14 when it does not",
             "health\nhealth goferd.admin.v1.ServerService", &DeclareHealth,
             &CheckHealth);
}

}  // namespace goferctl
