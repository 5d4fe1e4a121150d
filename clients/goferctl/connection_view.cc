#include "clients/goferctl/connection_view.h"

#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "clients/goferctl/directfs_view.h"
#include "clients/goferctl/format.h"
#include "clients/goferctl/names.h"
#include "clients/goferctl/server_view.h"
#include "goferd/admin/v1/connection.pb.h"
#include "goferd/admin/v1/connection_service.pb.h"

namespace goferctl {
namespace {

using goferd::admin::v1::Connection;
using goferd::admin::v1::StartConnectionResponse;

std::string ModeOf(const Connection& connection) {
  if (!connection.has_options()) return "";
  return connection.options().readonly() ? "ro" : "rw";
}

// A word for whether the client works on the host's files itself.
std::string DirectfsOf(const Connection& connection) {
  switch (connection.mount_fd()) {
    case Connection::DONATED:
      return "yes";
    case Connection::WITHHELD:
      return "no";
    case Connection::POSSIBLE:
      return "maybe";
    default:
      return "";
  }
}

std::vector<std::string> Cells(const Connection& connection) {
  const auto& peer = connection.attached_peer();
  return {ShortName(connection.name()),
          Word(Connection::State_Name(connection.state())),
          connection.mount_path(),
          ModeOf(connection),
          DirectfsOf(connection),
          peer.has_pid() ? absl::StrCat(peer.pid()) : "",
          Word(Connection::EndReason_Name(connection.end_reason())),
          Age(connection.create_time()),
          LabelList(connection.labels())};
}

std::vector<std::string> Notes(const Connection& connection) {
  std::vector<std::string> notes = ConditionNotes(connection.conditions());
  if (!connection.end_detail().empty()) {
    notes.push_back(absl::StrCat("ended: ", connection.end_detail()));
  }
  for (std::string& note : WarningNotes(connection.warnings())) {
    notes.push_back(std::move(note));
  }
  return notes;
}

std::vector<std::string> StartedCells(const StartConnectionResponse& started) {
  const auto& ticket = started.ticket();
  return {ShortName(started.connection().name()),
          Word(Connection::State_Name(started.connection().state())),
          started.connection().mount_path(),
          absl::Base64Escape(ticket.ticket()),
          ticket.attach_socket_path(),
          Moment(ticket.expire_time())};
}

std::vector<std::string> StartedNotes(const StartConnectionResponse& started) {
  return WarningNotes(started.connection().warnings());
}

}  // namespace

const View<Connection>& ConnectionView() {
  static const auto* const view =
      new View<Connection>{{"NAME", "STATE", "MOUNT", "MODE", "DIRECTFS", "PID",
                            "ENDED BY", "AGE", "LABELS"},
                           &Cells,
                           &Notes};
  return *view;
}

const View<StartConnectionResponse>& StartedView() {
  static const auto* const view = new View<StartConnectionResponse>{
      {"NAME", "STATE", "MOUNT", "TICKET", "SOCKET", "EXPIRES"},
      &StartedCells,
      &StartedNotes};
  return *view;
}

}  // namespace goferctl
