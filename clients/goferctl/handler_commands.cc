#include <map>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "clients/goferctl/directfs_view.h"
#include "clients/goferctl/exit_code.h"
#include "clients/goferctl/groups.h"
#include "clients/goferctl/handler_reset.h"
#include "clients/goferctl/handler_view.h"
#include "clients/goferctl/listing.h"
#include "clients/goferctl/names.h"
#include "clients/goferctl/option.h"
#include "goferd/admin/v1/handler_service.pb.h"

namespace goferctl {
namespace {

using namespace goferd::admin::v1;  // NOLINT: the API's own names.
namespace methods = goferd::client::methods;
using Assignments = std::map<Mid, std::string>;

struct ListFlags {
  std::string server;
};

struct SetFlags {
  std::string server;
  std::vector<std::string> assignments;
  std::vector<std::string> without;
  bool exactly = false;
  std::string etag;
  bool strict = false;
  MutationFlags mutation;
};

void DeclareList(CLI::App& app, ListFlags& flags) {
  DeclareArgument(app, "SERVER", flags.server, "The server's id");
}

void DeclareSet(CLI::App& app, SetFlags& flags) {
  DeclareArgument(app, "SERVER", flags.server, "The server's id");
  DeclareOption(app, "ASSIGNMENT", flags.assignments,
                "MESSAGE=IMPLEMENTATION, such as PRead=stock");
  DeclareRepeated(app, "--without", flags.without,
                  "Messages that are answered EOPNOTSUPP, separated by commas")
      .SplitAtCommas();
  DeclareFlag(app, "--exactly", flags.exactly,
              "Replace the whole table: every other message is answered\n"
              "EOPNOTSUPP");
  DeclareOption(app, "--etag", flags.etag,
                "Fail unless this is the table's etag");
  DeclareStrictFlag(app, flags.strict);
  DeclareMutationFlags(app, flags.mutation);
}

absl::StatusOr<ListHandlersResponse> GetTable(Context& context, Node& node,
                                              const std::string& server) {
  ListHandlersRequest request;
  request.set_parent(server);
  return ListAll(*node.client, methods::kListHandlers, request,
                 context.call_options());
}

absl::Status List(Context& context, const ListFlags& flags) {
  const auto server = ServerName(flags.server);
  if (!server.ok()) return server.status();
  auto node = context.OneNode();
  if (!node.ok()) return node.status();
  const auto table = GetTable(context, *node, *server);
  if (!table.ok()) return table.status();
  Listing listing(context, HandlerView().columns, Listing::Kind::kWhole);
  for (const Handler& handler : table->handlers()) {
    listing.Add(node->name, handler, HandlerView().cells(handler));
  }
  listing.Print();
  return absl::OkStatus();
}

// Changes `assignments`, the table as it is now, by what the flags say.
absl::Status Change(const SetFlags& flags, Assignments& assignments) {
  for (const std::string& word : flags.assignments) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos) {
      return UsageError(
          absl::StrCat("\"", word, "\" is not MESSAGE=IMPLEMENTATION"));
    }
    const auto mid = ParseMid(word.substr(0, equals));
    if (!mid.ok()) return mid.status();
    assignments[*mid] = word.substr(equals + 1);
  }
  for (const std::string& word : flags.without) {
    const auto mid = ParseMid(word);
    if (!mid.ok()) return mid.status();
    assignments.erase(*mid);
  }
  return absl::OkStatus();
}

// Takes the etag of the table that was read: without it somebody else's change
// in between would be lost.
absl::Status ReadTable(Context& context, Node& node,
                       SetHandlersRequest& request, Assignments& assignments) {
  const auto table = GetTable(context, node, request.parent());
  if (!table.ok()) return table.status();
  for (const Handler& handler : table->handlers()) {
    if (request.etag().empty()) request.set_etag(handler.etag());
    if (handler.implementation().empty()) continue;
    assignments[handler.mid()] = handler.implementation();
  }
  return absl::OkStatus();
}

absl::Status Set(Context& context, const SetFlags& flags) {
  const auto server = ServerName(flags.server);
  if (!server.ok()) return server.status();
  Assignments unused;
  if (auto checked = Change(flags, unused); !checked.ok()) return checked;
  if (flags.assignments.empty() && flags.without.empty() && !flags.exactly) {
    return UsageError("nothing to set: give MESSAGE=IMPLEMENTATION");
  }
  auto node = context.OneNode();
  if (!node.ok()) return node.status();
  SetHandlersRequest request;
  request.set_parent(*server);
  request.set_etag(flags.etag);
  Assignments assignments;
  if (!flags.exactly) {
    auto read = ReadTable(context, *node, request, assignments);
    if (!read.ok()) return read;
  }
  if (auto changed = Change(flags, assignments); !changed.ok()) return changed;
  for (const auto& [mid, implementation] : assignments) {
    auto* const assignment = request.add_assignments();
    assignment->set_mid(mid);
    assignment->set_implementation(implementation);
  }
  request.set_strict(flags.strict);
  Apply(flags.mutation, &request);
  const auto set = node->client->Call(methods::kSetHandlers, request,
                                      context.call_options());
  if (!set.ok()) return set.status();
  Listing listing(context, HandlerView().columns, Listing::Kind::kWhole);
  for (const Handler& handler : set->handlers()) {
    listing.Add(node->name, handler, HandlerView().cells(handler));
  }
  TellWarnings(context, flags.server, set->warnings());
  listing.Print();
  return absl::OkStatus();
}

}  // namespace

void AddHandlerCommands(CLI::App& app, Action& chosen) {
  CLI::App& group =
      AddGroup(app, "handler", "The handlers that answer LISAFS messages");
  AddCommand(group, chosen, "list", "List the handler table of a server",
             "handler list web", &DeclareList, &List);
  AddCommand(group, chosen, "set",
             "Change rows of the table; the other rows stay as they are",
             "handler set web --without=RenameAt2,FAllocate\n"
             "handler set web FAllocate=stock",
             &DeclareSet, &Set);
  AddHandlerReset(group, chosen);
}

}  // namespace goferctl
