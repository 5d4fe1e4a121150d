#include "clients/goferctl/start_flags.h"

#include "clients/goferctl/flags.h"
#include "clients/goferctl/option.h"

namespace goferctl {

using goferd::admin::v1::AttachMode;
using goferd::admin::v1::StartConnectionRequest;

void DeclareStartFlags(CLI::App& app, StartFlags& flags) {
  DeclareEnum<AttachMode>(
      app, "--attach", flags.attach,
      {{"take", goferd::admin::v1::ATTACH_MODE_TAKE},
       {"give", goferd::admin::v1::ATTACH_MODE_GIVE},
       {"listen", goferd::admin::v1::ATTACH_MODE_LISTEN}},
      "How the socket gets to the client: take (default), give, listen");
  DeclarePeerFlags(app, flags);
  DeclareStartFlagsForAttached(app, flags);
}

void DeclareStartFlagsForAttached(CLI::App& app, StartFlags& flags) {
  DeclareLabels(app, flags.labels);
  DeclareConnectionFlags(app, "", flags.options);
}

void DeclarePeerFlags(CLI::App& app, StartFlags& flags) {
  DeclareOption(app, "--peer-uid", flags.peer_uid, "Only this user may attach");
  DeclareOption(app, "--peer-gid", flags.peer_gid,
                "Only this group may attach");
  DeclareOption(app, "--peer-pid", flags.peer_pid,
                "Only this process may attach");
  DeclareDuration(app, "--ticket-ttl", flags.ticket_ttl,
                  "How long the ticket is valid (default 30s)");
}

StartConnectionRequest StartRequest(const StartFlags& flags,
                                    const std::string& id,
                                    const std::string& mount_path) {
  StartConnectionRequest request;
  request.set_connection_id(id);
  request.set_mount_path(mount_path);
  if (!FieldsOf(flags.options).empty()) {
    *request.mutable_options() = OptionsOf(flags.options);
  }
  request.set_attach_mode(flags.attach);
  if (flags.peer_uid || flags.peer_gid || flags.peer_pid) {
    auto* const peer = request.mutable_expected_peer();
    if (flags.peer_uid) peer->set_uid(*flags.peer_uid);
    if (flags.peer_gid) peer->set_gid(*flags.peer_gid);
    if (flags.peer_pid) peer->set_pid(*flags.peer_pid);
  }
  if (!flags.ticket_ttl.empty()) {
    *request.mutable_ticket_ttl() = ToProto(DurationOf(flags.ticket_ttl));
  }
  SetLabels(flags.labels, request.mutable_labels());
  return request;
}

}  // namespace goferctl
