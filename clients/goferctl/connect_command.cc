#include <fcntl.h>

#include <cerrno>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "clients/goferctl/attached.h"
#include "clients/goferctl/exit_code.h"
#include "clients/goferctl/groups.h"
#include "clients/goferctl/names.h"

namespace goferctl {
namespace {

using gofer::base::UniqueFd;

struct ConnectFlags {
  std::string server;
  std::vector<std::string> mounts;
  StartFlags start;
  std::vector<std::string> program;
};

void Declare(CLI::App& app, ConnectFlags& flags) {
  app.add_option("SERVER", flags.server, "The server's id")->required();
  DeclareRepeated(
      app, "--mount", flags.mounts,
      "PATH or ID=PATH in the tree, an FD for each; may be repeated "
      "(default /)");
  DeclareStartFlagsForAttached(app, flags.start);
  app.add_option("PROGRAM", flags.program,
                 "Behind --: what to run. In its words {fd} becomes the FD,\n"
                 "{fd1} that of the second --mount and so on, {fds} all of "
                 "them with commas")
      ->required();
}

// The FDs of `words`' placeholders. The last number first, so that a word
// cannot be replaced twice.
std::vector<std::string> Replaced(const std::vector<std::string>& words,
                                  const std::vector<UniqueFd>& fds) {
  std::vector<int> numbers;
  for (const UniqueFd& fd : fds) numbers.push_back(fd.get());
  std::vector<std::pair<std::string, std::string>> replacements = {
      {"{fds}", absl::StrJoin(numbers, ",")},
      {"{fd}", absl::StrCat(numbers.front())}};
  for (size_t i = 0; i < numbers.size(); ++i) {
    replacements.emplace_back(absl::StrCat("{fd", i, "}"),
                              absl::StrCat(numbers[i]));
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

absl::Status Connect(Context& context, const ConnectFlags& flags) {
  const auto server = ServerName(flags.server);
  if (!server.ok()) return server.status();
  std::vector<UniqueFd> fds;
  {
    auto node = context.OneNode();
    if (!node.ok()) return node.status();
    auto attached =
        StartAndAttach(context, *node, *server, flags.start, MountsOf(flags));
    if (!attached.ok()) return attached.status();
    fds = *std::move(attached);
  }
  for (const UniqueFd& fd : fds) {
    if (::fcntl(fd.get(), F_SETFD, 0) != 0) {
      return absl::ErrnoToStatus(errno, "fcntl");
    }
  }
  const std::vector<std::string> words = Replaced(flags.program, fds);
  return ExecError(words.front(), context.environment().exec(words));
}

}  // namespace

void AddConnectCommand(CLI::App& app, Action& chosen) {
  AddCommand(app, chosen, "connect",
             "Start connections, attach, and become PROGRAM with their FDs",
             "connect web -- lisafs-tour --fd={fd}\n"
             "connect web --mount=/ --mount=/data --readonly -- PROGRAM "
             "--io-fds={fds}",
             &Declare, &Connect);
}

}  // namespace goferctl
