#include "clients/goferctl/server_view.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "clients/goferctl/directfs_view.h"
#include "clients/goferctl/format.h"
#include "clients/goferctl/names.h"
#include "goferd/admin/v1/condition.pb.h"
#include "goferd/admin/v1/server.pb.h"

namespace goferctl {
namespace {

using goferd::admin::v1::Condition;
using goferd::admin::v1::Server;
using goferd::admin::v1::ServerFailure;
using goferd::admin::v1::ServerHolder;

std::vector<std::string> Cells(const Server& server) {
  return {ShortName(server.name()),
          Word(Server::State_Name(server.state())),
          server.has_oci_bundle() ? server.oci_bundle() : server.root(),
          absl::StrCat(server.active_connection_count()),
          server.gofer_pid() == 0 ? "" : absl::StrCat(server.gofer_pid()),
          Age(server.create_time()),
          LabelList(server.labels())};
}

std::string HolderNote(const ServerHolder& holder) {
  std::string note =
      absl::StrCat("held by ", ShortName(holder.connection()), ": ",
                   holder.open_file_count(), " open files");
  if (holder.oldest_request_mid() != 0) {
    absl::StrAppend(&note, ", ", MidName(holder.oldest_request_mid()),
                    " since ", Age(holder.oldest_request_time()));
  }
  return note;
}

std::vector<std::string> Notes(const Server& server) {
  std::vector<std::string> notes = ConditionNotes(server.conditions());
  if (server.has_failure()) {
    notes.push_back(absl::StrCat(
        "failed: ", Word(ServerFailure::Reason_Name(server.failure().reason())),
        ": ", server.failure().message()));
    const bool starts_again =
        server.state() == Server::FAILED &&
        server.origin() == Server::CREATED &&
        server.restart_policy() == Server::ON_FAILURE &&
        server.failure().reason() != ServerFailure::STATE_DAMAGED;
    if (starts_again) notes.push_back("goferd starts it again by itself");
  } else if (server.has_last_failure()) {
    const ServerFailure& last = server.last_failure();
    notes.push_back(absl::StrCat(
        "failed last ", Moment(last.failure_time()), ": ",
        Word(ServerFailure::Reason_Name(last.reason())), ": ", last.message()));
  }
  const std::string& asked =
      server.has_oci_bundle() ? server.oci_bundle() : server.root();
  if (!server.resolved_path().empty() && server.resolved_path() != asked) {
    notes.push_back(absl::StrCat("serves ", server.resolved_path()));
  }
  const bool drains_later =
      server.draining() && (server.state() == Server::UNREACHABLE ||
                            server.state() == Server::FAILED);
  if (drains_later) notes.push_back("drains when its gofer serves again");
  for (const ServerHolder& holder : server.holders()) {
    notes.push_back(HolderNote(holder));
  }
  for (const std::string& step : server.missing_sandbox_steps()) {
    notes.push_back(absl::StrCat("not confined by: ", step));
  }
  std::string directfs = DirectfsNote(server.mount_fd_connection_count(),
                                      server.active_connection_count());
  if (!directfs.empty()) notes.push_back(std::move(directfs));
  for (std::string& note : WarningNotes(server.warnings())) {
    notes.push_back(std::move(note));
  }
  return notes;
}

}  // namespace

const View<Server>& ServerView() {
  static const auto* const view = new View<Server>{
      {"NAME", "STATE", "ROOT", "CONNECTIONS", "PID", "AGE", "LABELS"},
      &Cells,
      &Notes};
  return *view;
}

std::vector<std::string> ConditionNotes(
    const google::protobuf::RepeatedPtrField<Condition>& conditions) {
  std::vector<std::string> notes;
  for (const Condition& condition : conditions) {
    notes.push_back(absl::StrCat(Word(Condition::Type_Name(condition.type())),
                                 " since ", Moment(condition.since_time()),
                                 ": ", condition.message()));
  }
  return notes;
}

}  // namespace goferctl
