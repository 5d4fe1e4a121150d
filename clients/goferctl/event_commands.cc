#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "clients/goferctl/event_stream.h"
#include "clients/goferctl/exit_code.h"
#include "clients/goferctl/fan_out.h"
#include "clients/goferctl/format.h"
#include "clients/goferctl/groups.h"
#include "clients/goferctl/names.h"
#include "clients/goferctl/option.h"
#include "clients/goferctl/output.h"
#include "goferd/admin/v1/event_service.pb.h"
#include "server/base/mutex.h"

namespace goferctl {
namespace {

using namespace goferd::admin::v1;  // NOLINT: the API's own names.

struct EventFlags {
  std::string server = "-";
  bool watch = false;
  bool initial = false;
  std::string from;
  std::string filter;
};

void Declare(CLI::App& app, EventFlags& flags) {
  DeclareOption(app, "SERVER", flags.server,
                "The server's id (default: all servers)");
  DeclareFlag(app, "-w,--watch", flags.watch, "Print every change from now on");
  DeclareFlag(app, "--initial", flags.initial,
              "With -w: first print what exists");
  DeclareOption(app, "--from", flags.from,
                "Like -w, from this resume token or revision on")
      .Exclude("--initial");
  DeclareOption(
      app, "--filter", flags.filter,
      "By type, kind, state or labels, such as: kind = \"connection\"");
}

struct Row {
  std::string kind;
  std::string name;
  std::string state;
};

Row RowOf(const Event& event) {
  switch (event.resource_case()) {
    case Event::kServer:
      return {"server", ShortName(event.server().name()),
              Word(Server::State_Name(event.server().state()))};
    case Event::kConnection:
      return {"connection", ShortName(event.connection().name()),
              Word(Connection::State_Name(event.connection().state()))};
    case Event::kHandler:
      return {"handler", ShortName(event.handler().name()),
              event.handler().implementation()};
    case Event::kHandlerRule:
      return {"rule", ShortName(event.handler_rule().name()), ""};
    case Event::RESOURCE_NOT_SET:
      break;
  }
  return {"", event.resume_token(), ""};
}

std::vector<std::string> Cells(const Event& event) {
  const Row row = RowOf(event);
  return {Moment(event.event_time()),
          absl::StrCat(event.revision()),
          TypeOf(event),
          row.kind,
          row.name,
          row.state};
}

absl::StatusOr<WatchEventsRequest> RequestOf(const EventFlags& flags) {
  const auto parent = ServerName(flags.server);
  if (!parent.ok()) return parent.status();
  WatchEventsRequest request;
  request.set_parent(*parent);
  request.set_filter(flags.filter);
  int64_t revision = 0;
  if (absl::SimpleAtoi(flags.from, &revision)) {
    request.set_start_revision(revision);
  } else if (!flags.from.empty()) {
    request.set_resume_token(flags.from);
  } else {
    request.set_include_initial_state(flags.initial || !flags.watch);
  }
  return request;
}

absl::Status Events(Context& context, const EventFlags& flags) {
  const auto request = RequestOf(flags);
  if (!request.ok()) return request.status();
  auto nodes = context.AllNodes();
  if (!nodes.ok()) return nodes.status();
  const bool ends_with_state = !flags.watch && flags.from.empty();
  Listing listing(context,
                  {"TIME", "REVISION", "EVENT", "KIND", "NAME", "STATE"},
                  Listing::Kind::kStream);
  Interruption interruption;
  gofer::base::Mutex mu;
  bool is_empty = true;
  const auto take = [&](const Node& node, const Event& event) {
    const gofer::base::MutexLock lock(mu);
    is_empty = false;
    listing.Add(node.name, event, Cells(event));
    if (!ends_with_state) listing.Print();
    return !(ends_with_state && event.type() == Event::BOOKMARK);
  };
  const absl::Status status =
      RunOnAll(context, *nodes, [&](size_t, Node& node) {
        return FollowEvents(
            context, interruption, node, *request,
            [&](const Event& event) { return take(node, event); });
      });
  if (status.ok() || !is_empty) listing.Print();
  return status;
}

}  // namespace

void AddEventCommands(CLI::App& app, Action& chosen) {
  AddCommand(app, chosen, "events",
             "Print what exists, or with -w every change; the NAME of a\n"
             "BOOKMARK is a token for --from",
             "events\n"
             "events -w --filter='kind = \"connection\"'\n"
             "events web --from=42 -o json",
             &Declare, &Events);
}

}  // namespace goferctl
