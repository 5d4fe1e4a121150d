#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "clients/goferctl/attached.h"
#include "clients/goferctl/exit_code.h"
#include "clients/goferctl/flags.h"
#include "clients/goferctl/groups.h"
#include "clients/goferctl/names.h"
#include "clients/goferctl/option.h"

namespace goferctl {
namespace {

using gofer::base::UniqueFd;
using goferd::admin::v1::AttachMode;

struct ConnectFlags {
  std::string server;
  std::vector<std::string> mounts;
  StartFlags start;
  std::vector<std::string> program;
};

void Declare(CLI::App& app, ConnectFlags& flags) {
  DeclareArgument(app, "SERVER", flags.server, "The server's id");
  DeclareRepeated(
      app, "--mount", flags.mounts,
      "PATH or ID=PATH of a connection's mount point in the tree; may be\n"
      "repeated (default /)");
  DeclareEnum<AttachMode>(
      app, "--attach", flags.start.attach,
      {{"take", goferd::admin::v1::ATTACH_MODE_TAKE},
       {"listen", goferd::admin::v1::ATTACH_MODE_LISTEN}},
      "take (default): PROGRAM gets FDs; listen: PROGRAM gets paths to\n"
      "connect to, as the user who runs goferctl unless a --peer flag says\n"
      "otherwise");
  DeclarePeerFlags(app, flags.start);
  DeclareStartFlagsForAttached(app, flags.start);
  DeclareArgument(
      app, "PROGRAM", flags.program,
      "The program to run and its words, after --. In its words {fd} becomes\n"
      "the FD of the first --mount, {fd1} the FD of the second and so on,\n"
      "{fds} all FDs with commas; with --attach=listen {path}, {path1} and\n"
      "{paths} become the paths");
}

// Puts `values` in place of {name}, {name0}, {name1}... and {names} of `words`.
// In one pass: a value that looks like a placeholder stays as it is.
std::vector<std::string> ReplacePlaceholders(
    const std::vector<std::string>& words, absl::string_view name,
    const std::vector<std::string>& values) {
  std::vector<std::pair<std::string, std::string>> replacements = {
      {absl::StrCat("{", name, "s}"), absl::StrJoin(values, ",")},
      {absl::StrCat("{", name, "}"), values.front()}};
  for (size_t i = 0; i < values.size(); ++i) {
    replacements.emplace_back(absl::StrCat("{", name, i, "}"), values[i]);
  }
  std::vector<std::string> replaced;
  for (const std::string& word : words) {
    replaced.push_back(absl::StrReplaceAll(word, replacements));
  }
  return replaced;
}

std::vector<Mount> MountsOf(const ConnectFlags& flags) {
  std::vector<Mount> mounts;
  for (const std::string& word : flags.mounts) {
    const size_t equals = word.find('=');
    if (word.empty() || word.front() == '/' || equals == std::string::npos) {
      mounts.push_back({TemporaryId(), word});
    } else {
      mounts.push_back({word.substr(0, equals), word.substr(equals + 1)});
    }
  }
  if (mounts.empty()) mounts.push_back({TemporaryId(), "/"});
  return mounts;
}

absl::Status Become(const Context& context,
                    const std::vector<std::string>& words) {
  return ExecError(words.front(), context.environment().exec(words));
}

absl::Status ConnectByFd(Context& context, const ConnectFlags& flags,
                         const std::string& server) {
  std::vector<UniqueFd> fds;
  {
    auto node = context.OneNode();
    if (!node.ok()) return node.status();
    auto attached =
        StartAndAttach(context, *node, server, flags.start, MountsOf(flags));
    if (!attached.ok()) return attached.status();
    fds = *std::move(attached);
  }
  std::vector<std::string> numbers;
  for (const UniqueFd& fd : fds) {
    if (::fcntl(fd.get(), F_SETFD, 0) != 0) {
      return absl::ErrnoToStatus(errno, "cannot pass a socket to PROGRAM");
    }
    numbers.push_back(absl::StrCat(fd.get()));
  }
  return Become(context, ReplacePlaceholders(flags.program, "fd", numbers));
}

// The path is in PROGRAM's words, which everybody can read, so only this user
// may connect. The process is not fixed: PROGRAM may be a shell whose child
// connects, and process ids differ between containers.
StartFlags ForThisUser(StartFlags flags) {
  if (!flags.peer_uid && !flags.peer_gid && !flags.peer_pid) {
    flags.peer_uid = ::geteuid();
  }
  return flags;
}

absl::Status ConnectByPath(Context& context, const ConnectFlags& flags,
                           const std::string& server) {
  std::vector<std::string> paths;
  {
    auto node = context.OneNode();
    if (!node.ok()) return node.status();
    auto started = StartAndListen(context, *node, server,
                                  ForThisUser(flags.start), MountsOf(flags));
    if (!started.ok()) return started.status();
    paths = *std::move(started);
  }
  return Become(context, ReplacePlaceholders(flags.program, "path", paths));
}

absl::Status Connect(Context& context, const ConnectFlags& flags) {
  const auto server = ServerName(flags.server);
  if (!server.ok()) return server.status();
  return flags.start.attach == goferd::admin::v1::ATTACH_MODE_LISTEN
             ? ConnectByPath(context, flags, *server)
             : ConnectByFd(context, flags, *server);
}

}  // namespace

void AddConnectCommand(CLI::App& app, Action& chosen) {
  AddCommand(
      app, chosen, "connect",
      "Start connections and become PROGRAM, which gets their FDs or, with\n"
      "--attach=listen, paths to connect to",
      "connect web -- lisafs-tour --fd={fd}\n"
      "connect web --mount=/ --mount=/data --readonly -- PROGRAM "
      "--io-fds={fds}\n"
      "connect web --attach=listen -- PROGRAM --socket={path}\n"
      "connect web --attach=listen --peer-uid=1000 -- sudo -u app "
      "PROGRAM --socket={path}",
      &Declare, &Connect);
}

}  // namespace goferctl
