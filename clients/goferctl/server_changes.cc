#include "clients/goferctl/server_changes.h"

#include "clients/goferctl/exit_code.h"
#include "clients/goferctl/names.h"
#include "clients/goferctl/option.h"
#include "clients/goferctl/server_call.h"
#include "clients/goferctl/server_flags.h"
#include "goferd/admin/v1/server_service.pb.h"

namespace goferctl {
namespace {

using namespace goferd::admin::v1;  // NOLINT: the API's own names.
namespace methods = goferd::client::methods;

// A command on one server.
struct NameFlags {
  std::string name;
  std::string etag;
  MutationFlags mutation;
};

struct CreateFlags {
  std::string name;
  ServerTree tree;
  ServerSettings settings;
  MutationFlags mutation;
};

struct DrainFlags {
  NameFlags target;
  bool strict = false;
};

struct UpdateFlags {
  NameFlags target;
  bool strict = false;
  ServerSettings settings;
  bool no_expiration = false;
};

struct DeleteFlags {
  NameFlags target;
  bool force = false;
  bool allow_missing = false;
};

void DeclareTarget(CLI::App& app, NameFlags& flags) {
  DeclareServerName(app, flags.name);
  DeclareOption(app, "--etag", flags.etag,
                "Fail unless this is the server's etag");
  DeclareMutationFlags(app, flags.mutation);
}

void DeclareCreate(CLI::App& app, CreateFlags& flags) {
  DeclareServerName(app, flags.name);
  DeclareServerTree(app, flags.tree);
  DeclareServerSettings(app, flags.settings);
  DeclareMutationFlags(app, flags.mutation);
}

void DeclareUpdate(CLI::App& app, UpdateFlags& flags) {
  DeclareTarget(app, flags.target);
  DeclareServerSettings(app, flags.settings);
  DeclareFlag(app, "--no-expiration", flags.no_expiration,
              "The server never expires")
      .Exclude("--ttl");
  DeclareStrictFlag(app, flags.strict);
}

void DeclareDrain(CLI::App& app, DrainFlags& flags) {
  DeclareTarget(app, flags.target);
  DeclareStrictFlag(app, flags.strict);
}

void DeclareDelete(CLI::App& app, DeleteFlags& flags) {
  DeclareTarget(app, flags.target);
  DeclareFlag(app, "--force", flags.force,
              "End its connections too, which kills gVisor sandboxes");
  DeclareFlag(app, "--allow-missing", flags.allow_missing,
              "Succeed when the server does not exist");
}

// As CallServer, for requests with a name, an etag and a request_id. `request`
// has the rest.
template <class Request>
absl::Status Change(Context& context, const NameFlags& flags,
                    const goferd::client::Method<Request, Server>& method,
                    Request request = {}) {
  const auto name = ServerName(flags.name);
  if (!name.ok()) return name.status();
  request.set_name(*name);
  request.set_etag(flags.etag);
  Apply(flags.mutation, &request);
  return CallServer(context, method, request, context.call_options());
}

absl::Status Create(Context& context, const CreateFlags& flags) {
  const auto name = ServerName(flags.name);
  if (!name.ok()) return name.status();
  CreateServerRequest request;
  request.set_server_id(ShortName(*name));
  auto set = SetTree(flags.tree, request.mutable_server());
  if (!set.ok()) return set;
  set = SetSettings(flags.settings, request.mutable_server());
  if (!set.ok()) return set;
  Apply(flags.mutation, &request);
  return CallServer(context, methods::kCreateServer, request,
                    context.call_options());
}

absl::Status Update(Context& context, const UpdateFlags& flags) {
  const auto name = ServerName(flags.target.name);
  if (!name.ok()) return name.status();
  UpdateServerRequest request;
  request.mutable_server()->set_name(*name);
  request.mutable_server()->set_etag(flags.target.etag);
  const auto set = SetSettings(flags.settings, request.mutable_server());
  if (!set.ok()) return set;
  for (const std::string& path : MaskOf(flags.settings)) {
    request.mutable_update_mask()->add_paths(path);
  }
  if (flags.no_expiration) {
    request.mutable_update_mask()->add_paths("expire_time");
  }
  if (!request.has_update_mask()) {
    return UsageError(
        "nothing to update: give a flag for each field that changes");
  }
  request.set_strict(flags.strict);
  Apply(flags.target.mutation, &request);
  return CallServer(context, methods::kUpdateServer, request,
                    context.call_options());
}

absl::Status Delete(Context& context, const DeleteFlags& flags) {
  const auto name = ServerName(flags.target.name);
  if (!name.ok()) return name.status();
  const auto node = context.OneNode();
  if (!node.ok()) return node.status();
  DeleteServerRequest request;
  request.set_name(*name);
  request.set_etag(flags.target.etag);
  request.set_force(flags.force);
  request.set_allow_missing(flags.allow_missing);
  Apply(flags.target.mutation, &request);
  // goferd waits for the connections to end, as long as its configuration says.
  return node->client
      ->Call(methods::kDeleteServer, request,
             flags.force ? context.long_call_options() : context.call_options())
      .status();
}

absl::Status Drain(Context& context, const DrainFlags& flags) {
  DrainServerRequest request;
  request.set_strict(flags.strict);
  return Change(context, flags.target, methods::kDrainServer, request);
}

absl::Status Undrain(Context& context, const NameFlags& flags) {
  return Change(context, flags, methods::kUndrainServer);
}

}  // namespace

void AddServerChanges(CLI::App& group, Action& chosen) {
  AddCommand(group, chosen, "create", "Start a gofer for a tree",
             "server create web --root=/srv/web --label=tenant=a\n"
             "server create tmp --root=/srv/tmp --ttl=1h --max-memory=256M\n"
             "server create app --oci-bundle=/srv/bundle\n"
             "server create home --root=/srv/home --uid-map=100000:0:65536",
             &DeclareCreate, &Create);
  AddCommand(group, chosen, "update",
             "Change labels (all at once), limits, defaults, ceilings or the "
             "ttl",
             "server update web --max-connections=64\n"
             "server update web --default-readonly --ttl=2h\n"
             "server update web --ceiling-readonly --ceiling-donate=none",
             &DeclareUpdate, &Update);
  AddCommand(group, chosen, "delete", "End the gofer and remove the server",
             "server delete web\nserver delete web --force", &DeclareDelete,
             &Delete);
  AddCommand(group, chosen, "drain", "Refuse new connections",
             "server drain web\nserver drain web --strict", &DeclareDrain,
             &Drain);
  AddCommand(group, chosen, "undrain", "Take new connections again",
             "server undrain web", &DeclareTarget, &Undrain);
}

}  // namespace goferctl
