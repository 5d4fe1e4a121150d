#include "controlplane/supervisor/escapes.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controlplane/errors/error.h"
#include "controlplane/translate/rule_translation.h"
#include "server/glob/glob.h"

namespace goferd::supervisor {
namespace {

using admin::Connection;
using admin::HandlerRule;
using Warning = HandlerRule::Warning;

constexpr size_t kMostNames = 16;
constexpr char kChooseGoferMode[] =
    "; gofer mode closes the hole: options without FILES_AND_MOUNT_POINT, or "
    "for runsc the annotation dev.goferd.directfs=off";
constexpr char kHoldOrWill[] =
    "these clients hold their mount point's FD, or will once they mount";
constexpr char kWorkThemselves[] =
    ", and work on the host's files themselves: ";

// A gofer of an older release does not say; its client that has mounted, and
// was to be given the FD, most likely holds it.
bool HasMountFd(const Connection& connection) {
  const bool has_mounted = connection.state() == Connection::MOUNTED ||
                           connection.state() == Connection::DRAINING;
  return connection.mount_fd() == Connection::DONATED ||
         (has_mounted && connection.mount_fd() == Connection::POSSIBLE);
}

bool MayHaveMountFd(const Connection& connection) {
  return HasMountFd(connection) ||
         connection.mount_fd() == Connection::POSSIBLE;
}

std::vector<const Connection*> Live(
    const model::ServerRecord& server,
    absl::FunctionRef<bool(const Connection&)> is_one) {
  std::vector<const Connection*> chosen;
  for (const auto& [id, record] : server.connections) {
    const Connection& connection = record.resource;
    if (record.visible && !model::HasEnded(connection.state()) &&
        is_one(connection)) {
      chosen.push_back(&connection);
    }
  }
  return chosen;
}

// Adds a warning that names `connections`, if there is any.
void Add(const std::vector<const Connection*>& connections, Warning::Code code,
         absl::string_view message, Warnings& warnings) {
  if (connections.empty()) return;
  Warning& warning = *warnings.Add();
  warning.set_code(code);
  warning.set_message(std::string(message));
  warning.set_connection_count(static_cast<int32_t>(connections.size()));
  for (const Connection* const connection : connections) {
    if (warning.connections_size() == int{kMostNames}) break;
    warning.add_connections(connection->name());
  }
}

// Whether I/O with a donated FD goes around what the rule does.
bool IsBypassedByIo(const HandlerRule& rule) {
  if (rule.has_refuse_fd_donation()) return false;
  const auto mids = translate::MidsOf(
      rule.match(),
      {admin::MID_PREAD, admin::MID_PWRITE, admin::MID_FALLOCATE});
  if (!mids) return false;
  return mids->empty() ||
         std::any_of(mids->begin(), mids->end(), [](uint32_t mid) {
           return translate::ClassOf(mid) != admin::OP_CLASS_METADATA;
         });
}

// Whether the rule is about a message that a client with its mount point's FD
// need not send: all but those that it begins with.
bool IsAboutFiles(const model::ServerRecord& server, const HandlerRule& rule) {
  const auto mids = translate::MidsOf(rule.match(), server.gofer.known_mids);
  if (!mids) return false;
  // A mount point's FD that was given before stays.
  if (rule.has_refuse_fd_donation()) return true;
  return mids->empty() ||
         std::any_of(mids->begin(), mids->end(), [](uint32_t mid) {
           return mid != admin::MID_MOUNT && mid != admin::MID_CHANNEL;
         });
}

// Those of `connections` that the rule is about.
std::vector<const Connection*> Subjects(
    const HandlerRule::Match& match,
    const std::vector<const Connection*>& connections) {
  if (match.connection().empty() && match.mount_path_glob().empty()) {
    return connections;
  }
  gofer::glob::Glob glob;
  if (!match.mount_path_glob().empty()) {
    auto compiled = gofer::glob::Glob::Compile(match.mount_path_glob());
    if (compiled.ok()) glob = *std::move(compiled);
  }
  std::vector<const Connection*> subjects;
  for (const Connection* const connection : connections) {
    const bool is_named =
        match.connection().empty() || match.connection() == connection->name();
    if (is_named && (match.mount_path_glob().empty() ||
                     glob.Matches(connection->mount_path()))) {
      subjects.push_back(connection);
    }
  }
  return subjects;
}

bool HasFiles(const Connection& connection) {
  return connection.options().donate_host_fds() !=
         admin::ConnectionOptions::NO_FDS;
}

// Whether both bound what the gofer uses in the same way.
bool HasSameUse(const admin::ServerLimits& one,
                const admin::ServerLimits& other) {
  return one.max_fds() == other.max_fds() &&
         one.max_channels() == other.max_channels() &&
         one.max_memory_bytes() == other.max_memory_bytes();
}

}  // namespace

RuleWarner::RuleWarner(const model::ServerRecord& server)
    : server_(server),
      with_files_(Live(server, &HasFiles)),
      with_mount_(Live(server, &HasMountFd)),
      with_mount_or_soon_(Live(server, &MayHaveMountFd)) {}

void RuleWarner::Warn(HandlerRule& rule) const {
  rule.clear_warnings();
  if (IsBypassedByIo(rule)) {
    Add(Subjects(rule.match(), with_files_), Warning::DONATED_HOST_FDS,
        "these clients may hold host FDs and read and write without the gofer, "
        "which this rule does not see; a rule with refuse_fd_donation, made "
        "before they open the files, closes the hole",
        *rule.mutable_warnings());
  }
  if (!IsAboutFiles(server_, rule)) return;
  // Who has not mounted yet is still refused by such a rule.
  const Connections& escaping =
      rule.has_refuse_fd_donation() ? with_mount_ : with_mount_or_soon_;
  Add(Subjects(rule.match(), escaping), Warning::MOUNT_FD_DONATED,
      absl::StrCat(kHoldOrWill, kWorkThemselves, "this rule does not see that",
                   kChooseGoferMode),
      *rule.mutable_warnings());
}

Warnings WarningsOfTable(const model::ServerRecord& server) {
  Warnings warnings;
  Add(Live(server, &MayHaveMountFd), Warning::MOUNT_FD_DONATED,
      absl::StrCat(kHoldOrWill, kWorkThemselves, "the handlers do not see that",
                   kChooseGoferMode),
      warnings);
  return warnings;
}

Warnings WarningsOfUpdate(const model::ServerRecord& server,
                          const admin::Server& before,
                          const admin::Server& after) {
  Warnings warnings;
  if (!HasSameUse(before.limits(), after.limits())) {
    Add(Live(server, &MayHaveMountFd), Warning::MOUNT_FD_DONATED,
        absl::StrCat(kHoldOrWill,
                     ": the files that they open by themselves count towards "
                     "no limit",
                     kChooseGoferMode),
        warnings);
  }
  if (before.default_connection_options().SerializeAsString() !=
      after.default_connection_options().SerializeAsString()) {
    Add(Live(server, &MayHaveMountFd), Warning::MOUNT_FD_DONATED,
        absl::StrCat(kHoldOrWill,
                     ", and keep it: default options hold for connections that "
                     "start later. Stop these to bring the options to bear"),
        warnings);
  }
  return warnings;
}

Warnings WarningsOfDrain(const model::ServerRecord& server) {
  Warnings warnings;
  Add(Live(server, &HasMountFd), Warning::MOUNT_FD_DONATED,
      "these clients hold their mount point's FD: the files that they opened "
      "by themselves are not seen, so that `holders` says too little of them",
      warnings);
  return warnings;
}

Warnings WarningsOfDrain(const Connection& connection) {
  Warnings warnings;
  if (!HasMountFd(connection)) return warnings;
  Add({&connection}, Warning::MOUNT_FD_DONATED,
      "this client holds its mount point's FD: the files that it opened by "
      "itself are not seen, and it is stopped under them",
      warnings);
  return warnings;
}

Warnings WarningsOfStart(const model::ServerRecord& server,
                         const admin::ConnectionOptions& options,
                         const Connection& connection) {
  Warnings warnings;
  if (!MayHaveMountFd(connection)) return warnings;
  std::vector<std::string> escaped;
  if (options.max_fds() != 0) escaped.emplace_back("max_fds");
  if (!server.overrides.assignments.empty()) {
    escaped.emplace_back("the server's handlers");
  }
  const int64_t rules = std::count_if(
      server.overrides.rules.begin(), server.overrides.rules.end(),
      [&](const auto& entry) {
        const HandlerRule& rule = entry.second.resource;
        // Who has not mounted yet is still refused.
        return !rule.has_refuse_fd_donation() && IsAboutFiles(server, rule) &&
               !Subjects(rule.match(), {&connection}).empty();
      });
  if (rules > 0) escaped.push_back(absl::StrCat(rules, " of its rules"));
  if (escaped.empty()) return warnings;
  Add({&connection}, Warning::MOUNT_FD_DONATED,
      absl::StrCat("this client will hold its mount point's FD",
                   ", and work on the host's files itself: it escapes ",
                   absl::StrJoin(escaped, ", "), kChooseGoferMode),
      warnings);
  return warnings;
}

absl::Status CheckNoEscapes(absl::string_view what, const Warnings& warnings) {
  if (warnings.empty()) return absl::OkStatus();
  std::string codes, advice;
  std::vector<std::string> names;
  // A connection that has several warnings counts once; those that are not
  // named are the same at most.
  int32_t count = 0;
  for (const Warning& warning : warnings) {
    absl::StrAppend(&codes, codes.empty() ? "" : ",",
                    Warning::Code_Name(warning.code()));
    absl::StrAppend(&advice,
                    advice.empty() ? "" : ". Also: ", warning.message());
    count = std::max(count, warning.connection_count());
    for (const std::string& name : warning.connections()) {
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        names.push_back(name);
      }
    }
  }
  count = std::max(count, static_cast<int32_t>(names.size()));
  if (names.size() > kMostNames) names.resize(kMostNames);
  const int32_t others = count - static_cast<int32_t>(names.size());
  return errors::Error(
      errors::Reason::ESCAPED_BY_CONNECTIONS,
      absl::StrCat(
          what, " is refused, since it is strict and ", count,
          count == 1 ? " connection" : " connections",
          " would escape it: ", advice, " (", absl::StrJoin(names, ", "),
          others > 0 ? absl::StrCat(" and ", others, " more") : "", ")"),
      {{"warnings", codes},
       {"connections", absl::StrJoin(names, ",")},
       {"count", absl::StrCat(count)}});
}

}  // namespace goferd::supervisor
