// Names of resources: "servers/{id}" and what is below it.

#ifndef GOFERD_CONTROLPLANE_NAMES_RESOURCE_NAME_H_
#define GOFERD_CONTROLPLANE_NAMES_RESOURCE_NAME_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace goferd::names {

// As an id: all resources of that kind.
inline constexpr absl::string_view kAllIds = "-";

// Whether "-" may stand for an id.
enum class Wildcard { kRefused, kAllowed };

// `[a-z]([a-z0-9-]{0,61}[a-z0-9])?`.
bool IsValidId(absl::string_view id);

// The id of a resource below a server.
struct ChildName {
  std::string server_id;
  std::string id;
};

// The id of the row of a handler table.
struct HandlerName {
  std::string server_id;
  uint32_t mid = 0;
};

// The ids in a name; nothing when it is none.
std::optional<std::string> ParseServerName(absl::string_view name,
                                           Wildcard wildcard);
std::optional<ChildName> ParseConnectionName(absl::string_view name,
                                             Wildcard wildcard);
// Takes a connection's name apart that goferd itself has made, whatever its ids
// are: a gofer that others started chooses the ids of its connections, and a
// walk that goes on behind such a name must not begin anew.
std::optional<ChildName> SplitConnectionName(absl::string_view name);
std::optional<ChildName> ParseRuleName(absl::string_view name);
std::optional<HandlerName> ParseHandlerName(absl::string_view name);

// The names of ids that are valid.
std::string FormatServerName(absl::string_view server_id);
std::string FormatConnectionName(absl::string_view server_id,
                                 absl::string_view connection_id);
std::string FormatRuleName(absl::string_view server_id,
                           absl::string_view rule_id);
std::string FormatHandlerName(absl::string_view server_id, uint32_t mid);

// The id at the end of `name`, a valid resource name: "b" of
// "servers/a/connections/b".
std::string IdOf(absl::string_view name);

}  // namespace goferd::names

#endif  // GOFERD_CONTROLPLANE_NAMES_RESOURCE_NAME_H_
