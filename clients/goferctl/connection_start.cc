#include "clients/goferctl/connection_start.h"

#include "absl/strings/str_cat.h"
#include "clients/goferctl/connection_view.h"
#include "clients/goferctl/directfs_view.h"
#include "clients/goferctl/exit_code.h"
#include "clients/goferctl/names.h"
#include "clients/goferctl/option.h"
#include "clients/goferctl/start_flags.h"
#include "goferd/admin/v1/connection_service.pb.h"

namespace goferctl {
namespace {

using namespace goferd::admin::v1;  // NOLINT: the API's own names.
namespace methods = goferd::client::methods;

struct OneFlags {
  std::string name;
  std::string mount = "/";
  StartFlags start;
  MutationFlags mutation;
};

struct BatchFlags {
  std::string server;
  std::vector<std::string> mounts;
  StartFlags start;
  MutationFlags mutation;
};

void DeclareOne(CLI::App& app, OneFlags& flags) {
  DeclareArgument(app, "CONNECTION", flags.name, "SERVER/ID");
  DeclareOption(app, "--mount", flags.mount,
                "The mount point's path in the tree (default /)");
  DeclareStartFlags(app, flags.start);
  DeclareMutationFlags(app, flags.mutation);
}

void DeclareBatch(CLI::App& app, BatchFlags& flags) {
  DeclareArgument(app, "SERVER", flags.server, "The server's id");
  DeclareRepeated(app, "--mount", flags.mounts,
                  "ID=PATH of a connection; may be repeated")
      .Require();
  DeclareStartFlags(app, flags.start);
  DeclareMutationFlags(app, flags.mutation);
}

absl::Status StartOne(Context& context, const OneFlags& flags) {
  const auto name = ConnectionName(flags.name);
  if (!name.ok()) return name.status();
  const auto node = context.OneNode();
  if (!node.ok()) return node.status();
  StartConnectionRequest request =
      StartRequest(flags.start, name->id, flags.mount);
  request.set_parent(name->parent);
  Apply(flags.mutation, &request);
  const auto started = node->client->Call(methods::kStartConnection, request,
                                          context.call_options());
  if (!started.ok()) return started.status();
  Print(context, StartedView(), *started);
  return absl::OkStatus();
}

absl::StatusOr<BatchStartConnectionsRequest> BatchRequest(
    const BatchFlags& flags) {
  const auto parent = ServerName(flags.server);
  if (!parent.ok()) return parent.status();
  BatchStartConnectionsRequest request;
  request.set_parent(*parent);
  for (const std::string& mount : flags.mounts) {
    const size_t equals = mount.find('=');
    if (equals == std::string::npos) {
      return UsageError(absl::StrCat("--mount=", mount, " is not ID=PATH"));
    }
    *request.add_requests() = StartRequest(flags.start, mount.substr(0, equals),
                                           mount.substr(equals + 1));
  }
  Apply(flags.mutation, &request);
  return request;
}

absl::Status StartBatch(Context& context, const BatchFlags& flags) {
  const auto request = BatchRequest(flags);
  if (!request.ok()) return request.status();
  const auto node = context.OneNode();
  if (!node.ok()) return node.status();
  const auto started = node->client->Call(methods::kBatchStartConnections,
                                          *request, context.call_options());
  if (!started.ok()) return started.status();
  Listing listing(context, StartedView().columns, Listing::Kind::kWhole);
  for (const StartConnectionResponse& one : started->responses()) {
    listing.Add(node->name, one, StartedView().cells(one));
  }
  listing.Print();
  for (const StartConnectionResponse& one : started->responses()) {
    TellWarnings(context, ShortName(one.connection().name()),
                 one.connection().warnings());
  }
  return absl::OkStatus();
}

}  // namespace

void AddStartCommands(CLI::App& group, Action& chosen) {
  AddCommand(
      group, chosen, "start",
      "Make a connection and print its ticket, which is a secret; with\n"
      "--attach=listen print the path to connect to, which is a secret too",
      "connection start web/c1 --mount=/data --readonly\n"
      "connection start web/c2 --peer-uid=1000 -o json\n"
      "connection start web/c3 --attach=listen",
      &DeclareOne, &StartOne);
  AddCommand(group, chosen, "start-batch",
             "Make several connections, all or none",
             "connection start-batch web --mount=c1=/ --mount=c2=/data",
             &DeclareBatch, &StartBatch);
}

}  // namespace goferctl
