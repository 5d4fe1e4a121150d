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

// "web" or "servers/web"; "-" stands for all. Usage error for others. goferd
// checks the id.
absl::StatusOr<std::string> ServerName(absl::string_view word);

// "web/c1" or "servers/web/connections/c1".
absl::StatusOr<ChildName> ConnectionName(absl::string_view word);
// "web/slow" or "servers/web/handlerRules/slow".
absl::StatusOr<ChildName> RuleName(absl::string_view word);
std::string FullConnectionName(const ChildName& name);
std::string FullRuleName(const ChildName& name);

// A server's or a connection's, by whether there is a slash.
absl::StatusOr<std::string> ServerOrConnectionName(absl::string_view word);

// "servers/web/connections/c1" as people type it: "web/c1".
std::string ShortName(absl::string_view name);

// "PRead", "pread", "MID_PREAD" or "12". Usage error for others.
absl::StatusOr<goferd::admin::v1::Mid> ParseMid(absl::string_view word);
// As in LISAFS, in lower case with underscores: "open_at"; the number of one
// that is newer than this program.
std::string MidName(goferd::admin::v1::Mid mid);

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_NAMES_H_
