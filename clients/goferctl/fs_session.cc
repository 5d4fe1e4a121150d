#include "clients/goferctl/fs_session.h"

#include <cstring>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "clients/goferctl/attached.h"
#include "clients/goferctl/names.h"

namespace goferctl {

using gofer::base::Errno;
using Options = goferd::admin::v1::ConnectionOptions;

absl::Status FsError(absl::string_view what, Errno error) {
  return absl::Status(absl::ErrnoToStatusCode(error.number()),
                      absl::StrCat(what, ": ", std::strerror(error.number())));
}

Place PlaceOf(absl::string_view path) {
  std::vector<absl::string_view> parts;
  for (const absl::string_view part : absl::StrSplit(path, '/')) {
    if (!part.empty() && part != ".") parts.push_back(part);
  }
  if (parts.empty()) return {};
  Place place;
  place.name = std::string(parts.back());
  parts.pop_back();
  place.parent = absl::StrJoin(parts, "/");
  return place;
}

absl::StatusOr<FsSession> FsSession::Open(Context& context,
                                          const std::string& server,
                                          Access access) {
  const auto name = ServerName(server);
  if (!name.ok()) return name.status();
  auto node = context.OneNode();
  if (!node.ok()) return node.status();
  StartFlags flags;
  flags.options.readonly = access == Access::kReadOnly;
  // With a host FD we would pass by the gofer, its rules and its counters.
  flags.options.donate = Options::NO_FDS;
  auto fds =
      StartAndAttach(context, *node, *name, flags, {{TemporaryId(), "/"}});
  if (!fds.ok()) return fds.status();
  auto client = gofer::client::Client::Mount(std::move(fds->front()));
  if (!client.ok()) return FsError("mount", client.error());
  return FsSession(*std::move(client));
}

}  // namespace goferctl
