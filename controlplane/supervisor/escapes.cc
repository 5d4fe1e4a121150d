#include "controlplane/supervisor/escapes.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "controlplane/translate/rule_translation.h"
#include "server/glob/glob.h"

namespace goferd::supervisor {
namespace {

using admin::Connection;
using admin::HandlerRule;
using Warning = HandlerRule::Warning;

constexpr int kMostNames = 16;
constexpr char kChooseGoferMode[] =
    "; gofer mode closes the hole: options without FILES_AND_MOUNT_POINT, or "
    "for runsc the annotation dev.goferd.directfs=off";

bool HasMountFd(const Connection& connection) {
  return connection.mount_fd() == Connection::DONATED;
}

bool MayHaveMountFd(const Connection& connection) {
  return HasMountFd(connection) ||
         connection.mount_fd() == Connection::POSSIBLE;
}

void Name(const Connection& connection, Warning& warning) {
  if (warning.connections_size() < kMostNames) {
    warning.add_connections(connection.name());
  }
  warning.set_connection_count(warning.connection_count() + 1);
}

// Adds a warning that names the live connections for which `escapes` is true,
// if there is any.
void Add(const model::ServerRecord& server, Warning::Code code,
         absl::string_view message,
         absl::FunctionRef<bool(const Connection&)> escapes,
         Warnings& warnings) {
  Warning warning;
  for (const auto& [id, record] : server.connections) {
    const Connection& connection = record.resource;
    if (record.visible && !model::HasEnded(connection.state()) &&
        escapes(connection)) {
      Name(connection, warning);
    }
  }
  if (warning.connection_count() == 0) return;
  warning.set_code(code);
  warning.set_message(std::string(message));
  *warnings.Add() = std::move(warning);
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

// Which connections a rule is about.
class Subjects {
 public:
  explicit Subjects(const HandlerRule::Match& match) : match_(match) {
    if (match.mount_path_glob().empty()) return;
    auto compiled = gofer::glob::Glob::Compile(match.mount_path_glob());
    if (compiled.ok()) glob_ = *std::move(compiled);
  }
  bool Include(const Connection& connection) const {
    if (!match_.connection().empty() &&
        match_.connection() != connection.name()) {
      return false;
    }
    return match_.mount_path_glob().empty() ||
           glob_.Matches(connection.mount_path());
  }

 private:
  const HandlerRule::Match& match_;
  gofer::glob::Glob glob_;
};

}  // namespace

void Warn(const model::ServerRecord& server, HandlerRule& rule) {
  rule.clear_warnings();
  const Subjects subjects(rule.match());
  if (IsBypassedByIo(rule)) {
    Add(
        server, Warning::DONATED_HOST_FDS,
        "these clients may hold host FDs and read and write without the gofer, "
        "which this rule does not see; a rule with refuse_fd_donation, made "
        "before they open the files, closes the hole",
        [&](const Connection& connection) {
          return connection.options().donate_host_fds() !=
                     admin::ConnectionOptions::NO_FDS &&
                 subjects.Include(connection);
        },
        *rule.mutable_warnings());
  }
  if (!IsAboutFiles(server, rule)) return;
  // Who has not mounted yet is still refused by such a rule.
  const auto escapes =
      rule.has_refuse_fd_donation() ? &HasMountFd : &MayHaveMountFd;
  Add(
      server, Warning::MOUNT_FD_DONATED,
      absl::StrCat("these clients hold their mount point's FD, or will once "
                   "they mount, and work on the host's files themselves: this "
                   "rule does not see that",
                   kChooseGoferMode),
      [&](const Connection& connection) {
        return escapes(connection) && subjects.Include(connection);
      },
      *rule.mutable_warnings());
}

Warnings WarningsOfTable(const model::ServerRecord& server) {
  Warnings warnings;
  Add(server, Warning::MOUNT_FD_DONATED,
      absl::StrCat("these clients hold their mount point's FD, or will once "
                   "they mount, and work on the host's files themselves: the "
                   "handlers do not see that",
                   kChooseGoferMode),
      &MayHaveMountFd, warnings);
  return warnings;
}

Warnings WarningsOfLimits(const model::ServerRecord& server,
                          const admin::ServerLimits& before,
                          const admin::ServerLimits& after) {
  Warnings warnings;
  if (before.max_fds() == after.max_fds() &&
      before.max_channels() == after.max_channels() &&
      before.max_memory_bytes() == after.max_memory_bytes()) {
    return warnings;
  }
  Add(server, Warning::MOUNT_FD_DONATED,
      absl::StrCat("these clients hold their mount point's FD, or will once "
                   "they mount: the files that they open by themselves count "
                   "towards no limit",
                   kChooseGoferMode),
      &MayHaveMountFd, warnings);
  return warnings;
}

Warnings WarningsOfDrain(const model::ServerRecord& server) {
  Warnings warnings;
  Add(server, Warning::MOUNT_FD_DONATED,
      "these clients hold their mount point's FD: the files that they opened "
      "by themselves are not seen, so that `holders` says too little of them",
      &HasMountFd, warnings);
  return warnings;
}

Warnings WarningsOfDrain(const Connection& connection) {
  Warnings warnings;
  if (!HasMountFd(connection)) return warnings;
  Warning& warning = *warnings.Add();
  warning.set_code(Warning::MOUNT_FD_DONATED);
  warning.set_message(
      "this client holds its mount point's FD: the files that it opened by "
      "itself are not seen, and it is stopped under them");
  Name(connection, warning);
  return warnings;
}

absl::Status CheckNoEscapes(absl::string_view what, const Warnings& warnings) {
  if (warnings.empty()) return absl::OkStatus();
  std::string codes;
  for (const Warning& warning : warnings) {
    absl::StrAppend(&codes, codes.empty() ? "" : ",",
                    Warning::Code_Name(warning.code()));
  }
  // One that has its mount point's FD escapes most.
  const Warning& worst = *warnings.rbegin();
  std::string names;
  for (const std::string& name : worst.connections()) {
    absl::StrAppend(&names, names.empty() ? "" : ",", name);
  }
  const int others = worst.connection_count() - worst.connections_size();
  return errors::Error(
      errors::Reason::ESCAPED_BY_CONNECTIONS,
      absl::StrCat(what, " is refused, since it is strict and ", names,
                   others > 0 ? absl::StrCat(" and ", others, " more") : "",
                   " would escape it: ", worst.message()),
      {{"warnings", codes},
       {"connections", names},
       {"count", absl::StrCat(worst.connection_count())}});
}

}  // namespace goferd::supervisor
