// What is told of clients that hold their mount point's FD ("directfs"), and of
// whatever they escape by it.

#ifndef GOFERD_CLIENTS_GOFERCTL_DIRECTFS_VIEW_H_
#define GOFERD_CLIENTS_GOFERCTL_DIRECTFS_VIEW_H_

#include <google/protobuf/repeated_ptr_field.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "goferd/admin/v1/handler_rule.pb.h"

namespace goferctl {

class Context;

using Warnings =
    google::protobuf::RepeatedPtrField<goferd::admin::v1::HandlerRule::Warning>;

// A line for each warning, with the connections that it names.
std::vector<std::string> WarningNotes(const Warnings& warnings);
// The connections that escape, for a cell: "web/c1 +2"; empty when none does.
std::string EscapedBy(const Warnings& warnings);
// Writes the warnings to stderr. `what`: what they are about, such as a rule.
void TellWarnings(const Context& context, absl::string_view what,
                  const Warnings& warnings);

// Why nothing is seen of `holding` of `all` connections; empty when `holding`
// is 0.
std::string DirectfsNote(int64_t holding, int64_t all);

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_DIRECTFS_VIEW_H_
