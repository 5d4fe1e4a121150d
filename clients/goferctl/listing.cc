#include "clients/goferctl/listing.h"

#include "absl/strings/str_cat.h"
#include "clients/goferctl/names.h"

namespace goferctl {

void WarnUnreachable(const Context& context, const Node& node,
                     const std::set<std::string>& servers) {
  for (const std::string& server : servers) {
    const std::string prefix =
        context.has_several_nodes() ? absl::StrCat(node.name, ": ") : "";
    context.Tell(
        absl::StrCat("goferctl: ", prefix, "the gofer of ", ShortName(server),
                     " does not answer: its last known state is shown\n"));
  }
}

}  // namespace goferctl
