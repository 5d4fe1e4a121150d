#include "clients/goferctl/handler_reset.h"

#include "absl/strings/str_join.h"
#include "clients/goferctl/names.h"
#include "clients/goferctl/option.h"
#include "clients/goferctl/output.h"
#include "goferd/admin/v1/handler_service.pb.h"

namespace goferctl {
namespace {

using namespace goferd::admin::v1;  // NOLINT: the API's own names.
namespace methods = goferd::client::methods;

struct ResetFlags {
  std::string server;
  std::string etag;
  MutationFlags mutation;
};

void Declare(CLI::App& app, ResetFlags& flags) {
  DeclareArgument(app, "SERVER", flags.server, "The server's id");
  DeclareOption(app, "--etag", flags.etag,
                "Fail unless this is the table's etag");
  DeclareMutationFlags(app, flags.mutation);
}

std::vector<std::string> Cells(const ResetHandlersResponse& response) {
  std::vector<std::string> rules;
  for (const auto& name : response.removed_handler_rules()) {
    rules.push_back(ShortName(name));
  }
  std::vector<std::string> mids;
  for (const int mid : response.changed_mids()) {
    mids.push_back(MidName(static_cast<Mid>(mid)));
  }
  return {absl::StrJoin(rules, ","), absl::StrJoin(mids, ",")};
}

absl::Status Reset(Context& context, const ResetFlags& flags,
                   ResetHandlersRequest::Scope scope) {
  const auto server = ServerName(flags.server);
  if (!server.ok()) return server.status();
  const auto node = context.OneNode();
  if (!node.ok()) return node.status();
  ResetHandlersRequest request;
  request.set_parent(*server);
  request.set_scope(scope);
  request.set_etag(flags.etag);
  Apply(flags.mutation, &request);
  const auto reset = node->client->Call(methods::kResetHandlers, request,
                                        context.call_options());
  if (!reset.ok()) return reset.status();
  Print(context,
        View<ResetHandlersResponse>{{"REMOVED RULES", "CHANGED MESSAGES"},
                                    &Cells},
        *reset);
  return absl::OkStatus();
}

absl::Status ResetAll(Context& context, const ResetFlags& flags) {
  return Reset(context, flags, ResetHandlersRequest::ALL);
}

absl::Status ResetFaults(Context& context, const ResetFlags& flags) {
  return Reset(context, flags, ResetHandlersRequest::FAULTS);
}

}  // namespace

void AddHandlerReset(CLI::App& group, Action& chosen) {
  AddCommand(group, chosen, "reset",
             "Remove all rules and restore the stock table",
             "handler reset web", &Declare, &ResetAll);
}

void AddFaultReset(CLI::App& group, Action& chosen) {
  AddCommand(group, chosen, "reset",
             "Remove all rules that inject faults; policies stay",
             "faults reset web", &Declare, &ResetFaults);
}

}  // namespace goferctl
