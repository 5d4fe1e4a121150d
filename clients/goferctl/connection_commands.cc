#include <ostream>

#include "clients/goferctl/connection_start.h"
#include "clients/goferctl/connection_view.h"
#include "clients/goferctl/format.h"
#include "clients/goferctl/groups.h"
#include "clients/goferctl/listing.h"
#include "clients/goferctl/names.h"
#include "clients/goferctl/option.h"
#include "clients/goferctl/watch.h"
#include "goferd/admin/v1/connection_service.pb.h"
#include "goferd/admin/v1/event_service.pb.h"

namespace goferctl {
namespace {

using namespace goferd::admin::v1;  // NOLINT: the API's own names.
namespace methods = goferd::client::methods;
using CountRequest = GetActiveConnectionCountRequest;
using CountResponse = GetActiveConnectionCountResponse;

struct GetFlags {
  std::string name;
};

struct ListFlags {
  std::string server = "-";
  std::string filter;
  bool watch = false;
};

struct StopFlags {
  std::string name;
  StopConnectionRequest::Mode mode = StopConnectionRequest::MODE_UNSPECIFIED;
  std::string stop_timeout;
  std::string reason;
  bool kill_sandbox = false;
  std::string etag;
  bool strict = false;
  MutationFlags mutation;
};

struct CountFlags {
  std::string server = "-";
  std::string filter;
  bool by_state = false;
  bool by_server = false;
};

void DeclareGet(CLI::App& app, GetFlags& flags) {
  DeclareArgument(app, "CONNECTION", flags.name, "SERVER/ID");
}

void DeclareList(CLI::App& app, ListFlags& flags) {
  DeclareOption(app, "SERVER", flags.server,
                "The server's id (default: all servers)");
  DeclareOption(
      app, "--filter", flags.filter,
      "Only connections such as: state = MOUNTED AND mount_path = \"/\"");
  DeclareFlag(app, "-w,--watch", flags.watch, "Then print every change");
}

void DeclareStop(CLI::App& app, StopFlags& flags) {
  DeclareArgument(app, "CONNECTION", flags.name, "SERVER/ID");
  DeclareEnum<StopConnectionRequest::Mode>(
      app, "--mode", flags.mode,
      {{"drain", StopConnectionRequest::DRAIN},
       {"close", StopConnectionRequest::CLOSE},
       {"abort", StopConnectionRequest::ABORT}},
      "drain (until no file is open), close (default), abort");
  DeclareDuration(app, "--stop-timeout", flags.stop_timeout,
                  "Abort the connection after this time");
  DeclareOption(app, "--reason", flags.reason,
                "Why, for whoever looks at the connection later");
  DeclareFlag(app, "--kill-sandbox", flags.kill_sandbox,
              "Stop even a root mount, whose sandbox gVisor then kills");
  DeclareOption(app, "--etag", flags.etag,
                "Fail unless this is the connection's etag");
  DeclareStrictFlag(app, flags.strict);
  DeclareMutationFlags(app, flags.mutation);
}

void DeclareCount(CLI::App& app, CountFlags& flags) {
  DeclareOption(app, "SERVER", flags.server,
                "The server's id (default: all servers)");
  DeclareOption(app, "--filter", flags.filter,
                "Connections to count (default: active connections)");
  DeclareFlag(app, "--by-state", flags.by_state, "Count each state as well");
  DeclareFlag(app, "--by-server", flags.by_server, "Count each server as well");
}

absl::Status Get(Context& context, const GetFlags& flags) {
  const auto name = ConnectionName(flags.name);
  if (!name.ok()) return name.status();
  const auto node = context.OneNode();
  if (!node.ok()) return node.status();
  GetConnectionRequest request;
  request.set_name(FullConnectionName(*name));
  const auto connection = node->client->Call(methods::kGetConnection, request,
                                             context.call_options());
  if (!connection.ok()) return connection.status();
  Print(context, ConnectionView(), *connection);
  return absl::OkStatus();
}

absl::Status List(Context& context, const ListFlags& flags) {
  const auto parent = ServerName(flags.server);
  if (!parent.ok()) return parent.status();
  ListConnectionsRequest request;
  request.set_parent(*parent);
  request.set_filter(flags.filter);
  const std::function<absl::StatusOr<ListConnectionsResponse>(Node&)> ask =
      [&](Node& node) {
        return ListAll(*node.client, methods::kListConnections, request,
                       context.call_options());
      };
  const auto items =
      static_cast<const google::protobuf::RepeatedPtrField<Connection>& (
          ListConnectionsResponse::*)() const>(
          &ListConnectionsResponse::connections);
  if (!flags.watch) return PrintList(context, ConnectionView(), ask, items);
  return WatchList(
      context, {*parent, "connection", flags.filter}, ConnectionView(), ask,
      items,
      EventField<Connection>{&Event::connection, &Event::mutable_connection});
}

absl::Status Stop(Context& context, const StopFlags& flags) {
  const auto name = ConnectionName(flags.name);
  if (!name.ok()) return name.status();
  const auto node = context.OneNode();
  if (!node.ok()) return node.status();
  StopConnectionRequest request;
  request.set_name(FullConnectionName(*name));
  request.set_mode(flags.mode);
  if (!flags.stop_timeout.empty()) {
    *request.mutable_timeout() = ToProto(DurationOf(flags.stop_timeout));
  }
  request.set_reason(flags.reason);
  request.set_acknowledge_sandbox_kill(flags.kill_sandbox);
  request.set_etag(flags.etag);
  request.set_strict(flags.strict);
  Apply(flags.mutation, &request);
  const auto connection = node->client->Call(methods::kStopConnection, request,
                                             context.call_options());
  if (!connection.ok()) return connection.status();
  Print(context, ConnectionView(), *connection);
  return absl::OkStatus();
}

void AddCounts(const Node& node, const CountResponse& response,
               Listing& listing) {
  for (const auto& count : response.state_counts()) {
    listing.Add(node.name, response,
                {Word(Connection::State_Name(count.state())),
                 std::to_string(count.count())});
  }
  for (const auto& count : response.server_counts()) {
    listing.Add(node.name, response,
                {ShortName(count.server()), std::to_string(count.count())});
  }
}

absl::Status Count(Context& context, const CountFlags& flags) {
  const auto parent = ServerName(flags.server);
  if (!parent.ok()) return parent.status();
  CountRequest request;
  request.set_parent(*parent);
  request.set_filter(flags.filter);
  if (flags.by_state) request.add_group_by(CountRequest::STATE);
  if (flags.by_server) request.add_group_by(CountRequest::SERVER);
  Listing listing(context, {"OF", "COUNT"}, Listing::Kind::kWhole);
  const bool is_json = context.flags().format == Format::kJson;
  bool any = false;
  const absl::Status status = FanOut<CountResponse>(
      context,
      [&](Node& node) {
        return node.client->Call(methods::kGetActiveConnectionCount, request,
                                 context.call_options());
      },
      [&](const Node& node, const CountResponse& response) {
        any = true;
        if (!is_json) AddCounts(node, response, listing);
        listing.Add(node.name, response,
                    {"total", std::to_string(response.total_count())});
      });
  if (any) listing.Print();
  return status;
}

}  // namespace

void AddConnectionCommands(CLI::App& app, Action& chosen) {
  CLI::App& group = AddGroup(app, "connection", "LISAFS sessions on a tree");
  AddStartCommands(group, chosen);
  AddCommand(group, chosen, "get", "Show a connection",
             "connection get web/c1 -o json", &DeclareGet, &Get);
  AddCommand(group, chosen, "list",
             "List connections, also those of several nodes; an ended\n"
             "connection is listed for ten minutes",
             "connection list\n"
             "connection list web --filter='state = MOUNTED' -w\n"
             "connection list --filter='mount_fd = DONATED'",
             &DeclareList, &List);
  AddCommand(group, chosen, "stop", "Begin to stop a connection",
             "connection stop web/c1 --mode=drain --stop-timeout=1m\n"
             "connection stop web/root --mode=abort --kill-sandbox",
             &DeclareStop, &Stop);
  AddCommand(group, chosen, "count", "Count the active connections",
             "connection count\nconnection count web --by-state", &DeclareCount,
             &Count);
}

}  // namespace goferctl
