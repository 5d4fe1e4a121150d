#include <fstream>
#include <iterator>
#include <ostream>

#include "absl/strings/str_cat.h"
#include "clients/goferctl/directfs_view.h"
#include "clients/goferctl/exit_code.h"
#include "clients/goferctl/groups.h"
#include "clients/goferctl/handler_reset.h"
#include "clients/goferctl/json.h"
#include "clients/goferctl/listing.h"
#include "clients/goferctl/names.h"
#include "clients/goferctl/option.h"
#include "clients/goferctl/rule_flags.h"
#include "clients/goferctl/rule_view.h"
#include "clients/goferctl/watch.h"
#include "goferd/admin/v1/event_service.pb.h"
#include "goferd/admin/v1/handler_service.pb.h"

namespace goferctl {
namespace {

using namespace goferd::admin::v1;  // NOLINT: the API's own names.
namespace methods = goferd::client::methods;

struct AddFlags {
  std::string name;
  RuleFlags rule;
  bool strict = false;
  MutationFlags mutation;
};

struct ListFlags {
  std::string server = "-";
  std::string filter;
  bool watch = false;
};

struct GetFlags {
  std::string name;
};

struct DeleteFlags {
  std::string name;
  bool allow_missing = false;
  std::string etag;
  MutationFlags mutation;
};

struct ApplyFlags {
  std::string server;
  std::string file;
  bool strict = false;
  MutationFlags mutation;
};

void DeclareRuleName(CLI::App& app, std::string& name) {
  DeclareArgument(app, "RULE", name, "SERVER/ID");
}

void DeclareAdd(CLI::App& app, AddFlags& flags) {
  DeclareRuleName(app, flags.name);
  DeclareRuleFlags(app, flags.rule);
  DeclareStrictFlag(app, flags.strict);
  DeclareMutationFlags(app, flags.mutation);
}

void DeclareList(CLI::App& app, ListFlags& flags) {
  DeclareOption(app, "SERVER", flags.server,
                "The server's id (default: all servers)");
  DeclareOption(app, "--filter", flags.filter,
                "Only rules such as: action = delay");
  DeclareFlag(app, "-w,--watch", flags.watch, "Then print every change");
}

void DeclareGet(CLI::App& app, GetFlags& flags) {
  DeclareRuleName(app, flags.name);
}

void DeclareDelete(CLI::App& app, DeleteFlags& flags) {
  DeclareRuleName(app, flags.name);
  DeclareFlag(app, "--allow-missing", flags.allow_missing,
              "Succeed when the rule does not exist");
  DeclareOption(app, "--etag", flags.etag,
                "Fail unless this is the rule's etag");
  DeclareMutationFlags(app, flags.mutation);
}

void DeclareApply(CLI::App& app, ApplyFlags& flags) {
  DeclareArgument(app, "SERVER", flags.server, "The server's id");
  DeclareArgument(app, "FILE", flags.file,
                  "JSON {\"handlerRules\": [...]}; - is standard input");
  DeclareStrictFlag(app, flags.strict);
  DeclareMutationFlags(app, flags.mutation);
}

absl::Status Add(Context& context, const AddFlags& flags) {
  const auto name = RuleName(flags.name);
  if (!name.ok()) return name.status();
  CreateHandlerRuleRequest request;
  request.set_parent(name->parent);
  request.set_handler_rule_id(name->id);
  const auto set =
      SetRule(flags.rule, name->parent, request.mutable_handler_rule());
  if (!set.ok()) return set;
  request.set_strict(flags.strict);
  Apply(flags.mutation, &request);
  const auto node = context.OneNode();
  if (!node.ok()) return node.status();
  const auto rule = node->client->Call(methods::kCreateHandlerRule, request,
                                       context.call_options());
  if (!rule.ok()) return rule.status();
  Print(context, RuleView(), *rule);
  return absl::OkStatus();
}

absl::Status List(Context& context, const ListFlags& flags) {
  const auto parent = ServerName(flags.server);
  if (!parent.ok()) return parent.status();
  ListHandlerRulesRequest request;
  request.set_parent(*parent);
  request.set_filter(flags.filter);
  const std::function<absl::StatusOr<ListHandlerRulesResponse>(Node&)> ask =
      [&](Node& node) {
        return ListAll(*node.client, methods::kListHandlerRules, request,
                       context.call_options());
      };
  const auto items =
      static_cast<const google::protobuf::RepeatedPtrField<HandlerRule>& (
          ListHandlerRulesResponse::*)() const>(
          &ListHandlerRulesResponse::handler_rules);
  if (!flags.watch) return PrintList(context, RuleView(), ask, items);
  return WatchList(context, {*parent, "handler_rule", flags.filter}, RuleView(),
                   ask, items,
                   EventField<HandlerRule>{&Event::handler_rule,
                                           &Event::mutable_handler_rule});
}

absl::Status Get(Context& context, const GetFlags& flags) {
  const auto name = RuleName(flags.name);
  if (!name.ok()) return name.status();
  const auto node = context.OneNode();
  if (!node.ok()) return node.status();
  GetHandlerRuleRequest request;
  request.set_name(FullRuleName(*name));
  const auto rule = node->client->Call(methods::kGetHandlerRule, request,
                                       context.call_options());
  if (!rule.ok()) return rule.status();
  Print(context, RuleView(), *rule);
  return absl::OkStatus();
}

absl::Status Delete(Context& context, const DeleteFlags& flags) {
  const auto name = RuleName(flags.name);
  if (!name.ok()) return name.status();
  const auto node = context.OneNode();
  if (!node.ok()) return node.status();
  DeleteHandlerRuleRequest request;
  request.set_name(FullRuleName(*name));
  request.set_allow_missing(flags.allow_missing);
  request.set_etag(flags.etag);
  Apply(flags.mutation, &request);
  return node->client
      ->Call(methods::kDeleteHandlerRule, request, context.call_options())
      .status();
}

std::string ReadAll(std::istream& in) {
  return std::string(std::istreambuf_iterator<char>(in), {});
}

absl::StatusOr<std::string> ReadFile(Context& context,
                                     const std::string& path) {
  if (path == "-") return ReadAll(context.environment().in);
  std::ifstream file(path);
  if (!file) return absl::ErrnoToStatus(errno, path);
  return ReadAll(file);
}

// Rules in the file may be named by their ids alone.
absl::Status ApplyRules(Context& context, const ApplyFlags& flags) {
  const auto server = ServerName(flags.server);
  if (!server.ok()) return server.status();
  const auto text = ReadFile(context, flags.file);
  if (!text.ok()) return text.status();
  BatchUpsertHandlerRulesRequest request;
  if (auto parsed = FromJson(*text, &request); !parsed.ok()) {
    return UsageError(absl::StrCat(flags.file, ": ", parsed.message()));
  }
  request.set_parent(*server);
  for (HandlerRule& rule : *request.mutable_handler_rules()) {
    if (rule.name().find('/') != std::string::npos) continue;
    rule.set_name(FullRuleName({*server, rule.name()}));
  }
  if (flags.strict) request.set_strict(true);
  Apply(flags.mutation, &request);
  const auto node = context.OneNode();
  if (!node.ok()) return node.status();
  const auto set = node->client->Call(methods::kBatchUpsertHandlerRules,
                                      request, context.call_options());
  if (!set.ok()) return set.status();
  Listing listing(context, RuleView().columns, Listing::Kind::kWhole);
  for (const HandlerRule& rule : set->handler_rules()) {
    listing.Add(node->name, rule, RuleView().cells(rule));
    TellWarnings(context, ShortName(rule.name()), rule.warnings());
  }
  listing.Print();
  return absl::OkStatus();
}

}  // namespace

void AddFaultCommands(CLI::App& app, Action& chosen) {
  CLI::App& group = AddGroup(
      app, "faults", "Rules that inject faults or enforce policies", "rules");
  AddCommand(group, chosen, "add", "Make a rule",
             "faults add web/slow --mid=PRead --delay=10ms --ttl=5m\n"
             "faults add web/eio --class=write --path='/logs/**' --error=EIO "
             "--probability=1% --ttl=1h\n"
             "faults add web/frozen --readonly --permanent --strict",
             &DeclareAdd, &Add);
  AddCommand(group, chosen, "list",
             "List rules in the order of evaluation, also those of several\n"
             "nodes",
             "faults list web\nfaults list -w", &DeclareList, &List);
  AddCommand(group, chosen, "get", "Show a rule with its counters",
             "faults get web/slow", &DeclareGet, &Get);
  AddCommand(group, chosen, "delete", "Remove a rule", "faults delete web/slow",
             &DeclareDelete, &Delete);
  AddCommand(group, chosen, "apply", "Make or replace rules, all or none",
             "faults apply web rules.json", &DeclareApply, &ApplyRules);
  AddFaultReset(group, chosen);
}

}  // namespace goferctl
