#include "clients/goferctl/directfs_view.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "clients/goferctl/context.h"
#include "clients/goferctl/names.h"
#include "clients/goferctl/table.h"

namespace goferctl {
namespace {

using Warning = goferd::admin::v1::HandlerRule::Warning;

// A goferd of an older release does not count them.
int CountOf(const Warning& warning) {
  return std::max(warning.connection_count(), warning.connections_size());
}

std::string NamesOf(const Warning& warning) {
  std::string names =
      absl::StrJoin(warning.connections(), ", ",
                    [](std::string* out, const std::string& name) {
                      out->append(ShortName(name));
                    });
  const int others = CountOf(warning) - warning.connections_size();
  if (others > 0) absl::StrAppend(&names, " and ", others, " more");
  return names;
}

}  // namespace

std::vector<std::string> WarningNotes(const Warnings& warnings) {
  std::vector<std::string> notes;
  for (const Warning& warning : warnings) {
    notes.push_back(absl::StrCat("warning: ", warning.message(), " (",
                                 NamesOf(warning), ")"));
  }
  return notes;
}

std::string EscapedBy(const Warnings& warnings) {
  if (warnings.empty()) return "";
  // Of two warnings the first names the connections of the second, too.
  const Warning& first = warnings[0];
  if (first.connections().empty()) return absl::StrCat(CountOf(first));
  const int others = CountOf(first) - 1;
  return absl::StrCat(ShortName(first.connections(0)),
                      others > 0 ? absl::StrCat(" +", others) : "");
}

void TellWarnings(const Context& context, absl::string_view what,
                  const Warnings& warnings) {
  for (const std::string& note : WarningNotes(warnings)) {
    context.Tell(Printable(absl::StrCat("goferctl: ", what, ": ", note)) +
                 "\n");
  }
}

std::string DirectfsNote(int64_t holding, int64_t all) {
  if (holding <= 0) return "";
  return absl::StrCat(
      holding, " of ", all,
      " connections hold their mount's FD: the sandbox works on the host's "
      "files itself, and the gofer neither sees nor counts that; see "
      "dev.goferd.directfs");
}

}  // namespace goferctl
