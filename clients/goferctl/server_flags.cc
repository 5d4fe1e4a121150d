#include "clients/goferctl/server_flags.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "clients/goferctl/exit_code.h"
#include "clients/goferctl/flags.h"
#include "clients/goferctl/option.h"

namespace goferctl {
namespace {

using goferd::admin::v1::IdRange;
using goferd::admin::v1::Server;
using Ranges = google::protobuf::RepeatedPtrField<IdRange>;

absl::Status SetRanges(const std::vector<std::string>& words, Ranges* ranges) {
  for (const std::string& word : words) {
    const std::vector<absl::string_view> parts = absl::StrSplit(word, ':');
    uint32_t host = 0;
    uint32_t sandbox = 0;
    uint32_t count = 0;
    if (parts.size() != 3 || !absl::SimpleAtoi(parts[0], &host) ||
        !absl::SimpleAtoi(parts[1], &sandbox) ||
        !absl::SimpleAtoi(parts[2], &count)) {
      return UsageError(
          absl::StrCat("\"", word, "\" is not HOST:SANDBOX:COUNT"));
    }
    IdRange* const range = ranges->Add();
    range->set_host_id(host);
    range->set_sandbox_id(sandbox);
    range->set_count(count);
  }
  return absl::OkStatus();
}

}  // namespace

void DeclareServerSettings(CLI::App& app, ServerSettings& settings) {
  DeclareLabels(app, settings.labels);
  DeclareOption(app, "--max-connections", settings.max_connections,
                "The most connections at once");
  DeclareOption(app, "--max-fds", settings.max_fds,
                "The most FDs of the gofer");
  DeclareOption(app, "--max-channels", settings.max_channels,
                "The most shared-memory channels");
  DeclareOption(app, "--max-memory", settings.max_memory,
                "The most memory of the gofer: bytes, or with K, M, G");
  DeclareDuration(app, "--ttl", settings.ttl,
                  "Drain and delete the server after this time");
  DeclareConnectionFlags(app, "default-", settings.defaults);
  DeclareConnectionFlags(app, "ceiling-", settings.maxima);
}

void DeclareServerTree(CLI::App& app, ServerTree& tree) {
  DeclareOption(app, "--root", tree.root, "Directory of the host to serve");
  DeclareOption(app, "--oci-bundle", tree.oci_bundle,
                "OCI bundle whose root and mounts to serve")
      .Exclude("--root");
  DeclareEnum<Server::SandboxMode>(app, "--sandbox", tree.sandbox,
                                   {{"full", Server::FULL},
                                    {"strict", Server::STRICT},
                                    {"unconfined", Server::UNCONFINED}},
                                   "full (default), strict, unconfined");
  DeclareEnum<Server::RestartPolicy>(
      app, "--restart", tree.restart,
      {{"on-failure", Server::ON_FAILURE}, {"never", Server::NEVER}},
      "When the gofer dies: on-failure (default), never");
  DeclareRepeated(app, "--uid-map", tree.uid_map,
                  "Map ids, HOST:SANDBOX:COUNT; may be repeated");
  DeclareRepeated(app, "--gid-map", tree.gid_map,
                  "Map ids, HOST:SANDBOX:COUNT; may be repeated");
  DeclareFlag(app, "--follow-symlinks", tree.follow_symlinks,
              "Follow symbolic links below the allowed root");
  DeclareSwitch(app, "--walk-stat,!--no-walk-stat", tree.walk_stat,
                "Offer WalkStat");
  DeclareSwitch(app, "--set-attr-on-deleted,!--no-set-attr-on-deleted",
                tree.set_attr_on_deleted, "SetStat works on deleted files");
  DeclareSwitch(app, "--allocate-on-deleted,!--no-allocate-on-deleted",
                tree.allocate_on_deleted, "FAllocate works on deleted files");
  DeclareSwitch(app, "--open-on-deleted,!--no-open-on-deleted",
                tree.open_on_deleted, "OpenAt works on deleted files");
}

absl::Status SetSettings(const ServerSettings& settings, Server* server) {
  SetLabels(settings.labels, server->mutable_labels());
  auto* const limits = server->mutable_limits();
  limits->set_max_connections(settings.max_connections.value_or(0));
  limits->set_max_fds(settings.max_fds.value_or(0));
  limits->set_max_channels(settings.max_channels.value_or(0));
  if (!settings.max_memory.empty()) {
    const auto bytes = ParseBytes(settings.max_memory);
    if (!bytes.has_value()) {
      return UsageError(absl::StrCat("--max-memory=", settings.max_memory,
                                     " is not a number of bytes such as 512M"));
    }
    limits->set_max_memory_bytes(*bytes);
  }
  if (limits->ByteSizeLong() == 0) server->clear_limits();
  const auto defaults = OptionsOf(settings.defaults);
  if (!FieldsOf(settings.defaults).empty()) {
    *server->mutable_default_connection_options() = defaults;
  }
  if (!FieldsOf(settings.maxima).empty()) {
    *server->mutable_max_connection_options() = OptionsOf(settings.maxima);
  }
  if (!settings.ttl.empty()) {
    *server->mutable_ttl() = ToProto(DurationOf(settings.ttl));
  }
  return absl::OkStatus();
}

absl::Status SetTree(const ServerTree& tree, Server* server) {
  if (!tree.root.empty()) server->set_root(tree.root);
  if (!tree.oci_bundle.empty()) server->set_oci_bundle(tree.oci_bundle);
  server->set_sandbox_mode(tree.sandbox);
  server->set_restart_policy(tree.restart);
  server->set_follow_symbolic_links(tree.follow_symlinks);
  goferd::admin::v1::ServerOptions options;
  if (tree.walk_stat) options.set_walk_stat_supported(*tree.walk_stat);
  if (tree.set_attr_on_deleted) {
    options.set_set_attr_on_deleted(*tree.set_attr_on_deleted);
  }
  if (tree.allocate_on_deleted) {
    options.set_allocate_on_deleted(*tree.allocate_on_deleted);
  }
  if (tree.open_on_deleted) options.set_open_on_deleted(*tree.open_on_deleted);
  if (options.ByteSizeLong() != 0) *server->mutable_options() = options;
  if (tree.uid_map.empty() && tree.gid_map.empty()) return absl::OkStatus();
  auto* const id_map = server->mutable_id_map();
  auto set = SetRanges(tree.uid_map, id_map->mutable_uid_ranges());
  if (!set.ok()) return set;
  return SetRanges(tree.gid_map, id_map->mutable_gid_ranges());
}

std::vector<std::string> MaskOf(const ServerSettings& settings) {
  std::vector<std::string> paths;
  if (!settings.labels.empty()) paths.push_back("labels");
  if (settings.max_connections) paths.push_back("limits.max_connections");
  if (settings.max_fds) paths.push_back("limits.max_fds");
  if (settings.max_channels) paths.push_back("limits.max_channels");
  if (!settings.max_memory.empty()) paths.push_back("limits.max_memory_bytes");
  for (const std::string& field : FieldsOf(settings.defaults)) {
    paths.push_back("default_connection_options." + field);
  }
  for (const std::string& field : FieldsOf(settings.maxima)) {
    paths.push_back("max_connection_options." + field);
  }
  if (!settings.ttl.empty()) paths.push_back("ttl");
  return paths;
}

}  // namespace goferctl
