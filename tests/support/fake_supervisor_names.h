// What the parts of FakeSupervisor share.

#ifndef GOFERD_TESTS_SUPPORT_FAKE_SUPERVISOR_NAMES_H_
#define GOFERD_TESTS_SUPPORT_FAKE_SUPERVISOR_NAMES_H_

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "controlplane/errors/error.h"
#include "tests/support/fake_supervisor.h"

namespace goferd::testing {

inline std::string ServerName(absl::string_view id) {
  return absl::StrCat("servers/", id);
}

inline std::string ConnectionName(absl::string_view server_id,
                                  absl::string_view id) {
  return absl::StrCat("servers/", server_id, "/connections/", id);
}

inline std::string RuleName(absl::string_view server_id, absl::string_view id) {
  return absl::StrCat("servers/", server_id, "/handlerRules/", id);
}

// Whether the resource `name` is under server `server_id`, which may be "-".
inline bool IsUnder(absl::string_view name, absl::string_view server_id) {
  return server_id == "-" ||
         absl::StartsWith(name, absl::StrCat("servers/", server_id, "/"));
}

inline absl::Status CheckEtag(absl::string_view wanted,
                              absl::string_view present) {
  if (wanted.empty() || wanted == present) return absl::OkStatus();
  return errors::Error(errors::Reason::ETAG_MISMATCH,
                       "the etag is another; read it again");
}

inline bool IsActive(const admin::v1::Connection& connection) {
  return connection.state() == admin::v1::Connection::ATTACHED ||
         connection.state() == admin::v1::Connection::MOUNTED ||
         connection.state() == admin::v1::Connection::DRAINING;
}

template <typename Resource>
void FakeSupervisor::Touch(Resource& resource) {
  resource.set_etag(absl::StrCat("etag-", ++last_etag_));
  ++changes_;
}

}  // namespace goferd::testing

#endif  // GOFERD_TESTS_SUPPORT_FAKE_SUPERVISOR_NAMES_H_
