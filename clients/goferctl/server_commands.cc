#include <ostream>

#include "clients/goferctl/groups.h"
#include "clients/goferctl/listing.h"
#include "clients/goferctl/names.h"
#include "clients/goferctl/option.h"
#include "clients/goferctl/server_call.h"
#include "clients/goferctl/server_changes.h"
#include "clients/goferctl/server_view.h"
#include "clients/goferctl/watch.h"
#include "goferd/admin/v1/event_service.pb.h"
#include "goferd/admin/v1/server_service.pb.h"

namespace goferctl {
namespace {

using namespace goferd::admin::v1;  // NOLINT: the API's own names.
namespace methods = goferd::client::methods;

struct GetFlags {
  std::string name;
};

struct ListFlags {
  std::string filter;
  bool watch = false;
};

struct WaitFlags {
  std::string name;
  WaitServerRequest::Until until = WaitServerRequest::NO_CONNECTIONS;
};

void DeclareGet(CLI::App& app, GetFlags& flags) {
  DeclareServerName(app, flags.name);
}

void DeclareList(CLI::App& app, ListFlags& flags) {
  DeclareOption(
      app, "--filter", flags.filter,
      "Only servers such as: state = ACTIVE AND labels.tenant = \"a\"");
  DeclareFlag(app, "-w,--watch", flags.watch, "Then print every change");
}

void DeclareWait(CLI::App& app, WaitFlags& flags) {
  DeclareServerName(app, flags.name);
  DeclareEnum<WaitServerRequest::Until>(
      app, "--until", flags.until,
      {{"no-connections", WaitServerRequest::NO_CONNECTIONS},
       {"ended", WaitServerRequest::SERVER_ENDED}},
      "no-connections (default), ended");
}

absl::Status Get(Context& context, const GetFlags& flags) {
  const auto name = ServerName(flags.name);
  if (!name.ok()) return name.status();
  GetServerRequest request;
  request.set_name(*name);
  return CallServer(context, methods::kGetServer, request,
                    context.call_options());
}

absl::Status List(Context& context, const ListFlags& flags) {
  ListServersRequest request;
  request.set_filter(flags.filter);
  const std::function<absl::StatusOr<ListServersResponse>(Node&)> ask =
      [&](Node& node) {
        return ListAll(*node.client, methods::kListServers, request,
                       context.call_options());
      };
  const auto items =
      static_cast<const google::protobuf::RepeatedPtrField<Server>& (
          ListServersResponse::*)() const>(&ListServersResponse::servers);
  if (!flags.watch) return PrintList(context, ServerView(), ask, items);
  return WatchList(context, {"servers/-", "server", flags.filter}, ServerView(),
                   ask, items,
                   EventField<Server>{&Event::server, &Event::mutable_server});
}

absl::Status Wait(Context& context, const WaitFlags& flags) {
  const auto name = ServerName(flags.name);
  if (!name.ok()) return name.status();
  WaitServerRequest request;
  request.set_name(*name);
  request.set_until(flags.until);
  return CallServer(context, methods::kWaitServer, request,
                    context.long_call_options());
}

}  // namespace

void AddServerCommands(CLI::App& app, Action& chosen) {
  CLI::App& group = AddGroup(app, "server", "File trees and their gofers");
  AddServerChanges(group, chosen);
  AddCommand(group, chosen, "get", "Show a server",
             "server get web\nserver get web -o json", &DeclareGet, &Get);
  AddCommand(group, chosen, "list",
             "List all servers, also those of several nodes",
             "server list --filter='state = DRAINING'\n"
             "server list -w\n"
             "server list --endpoints=node1:7443,node2:7443 --tls-ca=ca.pem "
             "--tls-cert=me.pem --tls-key=me.key",
             &DeclareList, &List);
  AddCommand(group, chosen, "wait",
             "Wait until a server has no connections, or has ended",
             "server wait web\nserver wait web --until=ended --timeout=5m",
             &DeclareWait, &Wait);
}

}  // namespace goferctl
