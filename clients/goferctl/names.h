// Names: what people type, and the resource names of the API.

#ifndef GOFERD_CLIENTS_GOFERCTL_NAMES_H_
#define GOFERD_CLIENTS_GOFERCTL_NAMES_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace goferd::admin::v1 {
enum Mid : int;
}  // namespace goferd::admin::v1

namespace goferctl {

// The name of a server and the id of something under it.
struct ChildName {
  std::string parent;  // servers/{server}
  std::string id;
};

// The resource name for "web" or "servers/web"; "-" stands for all servers.
// Usage error for other words. goferd checks the id itself.
absl::StatusOr<std::string> ServerName(absl::string_view word);

// The name for "web/c1" or "servers/web/connections/c1". Usage error for
// others.
absl::StatusOr<ChildName> ConnectionName(absl::string_view word);
// The name for "web/slow" or "servers/web/handlerRules/slow". Usage error for
// others.
absl::StatusOr<ChildName> RuleName(absl::string_view word);
std::string FullConnectionName(const ChildName& name);
std::string FullRuleName(const ChildName& name);

// A connection's resource name when `word` has a slash, else a server's.
absl::StatusOr<std::string> ServerOrConnectionName(absl::string_view word);

// The name as people type it: "web/c1" for "servers/web/connections/c1".
std::string ShortName(absl::string_view name);

// The message that "PRead", "pread", "MID_PREAD" or "12" stands for. Usage
// error for other words.
absl::StatusOr<goferd::admin::v1::Mid> ParseMid(absl::string_view word);
// The message's name in lower case with underscores, such as "open_at"; the
// number of a message that is newer than this program.
std::string MidName(goferd::admin::v1::Mid mid);

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_NAMES_H_
