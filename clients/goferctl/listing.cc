#include "clients/goferctl/listing.h"

#include "clients/goferctl/names.h"

namespace goferctl {

void WarnUnreachable(const Context& context, const Node& node,
                     const std::set<std::string>& servers) {
  for (const std::string& server : servers) {
    context.err() << "goferctl: ";
    if (context.has_several_nodes()) context.err() << node.name << ": ";
    context.err() << "the gofer of " << ShortName(server)
                  << " does not answer: what is shown is as last known\n";
  }
}

}  // namespace goferctl
