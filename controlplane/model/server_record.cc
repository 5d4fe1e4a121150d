#include "controlplane/model/server_record.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace goferd::model {

std::string ServerName(absl::string_view server_id) {
  return absl::StrCat("servers/", server_id);
}

std::string ConnectionName(absl::string_view server_id,
                           absl::string_view connection_id) {
  return absl::StrCat("servers/", server_id, "/connections/", connection_id);
}

std::string RuleName(absl::string_view server_id, absl::string_view rule_id) {
  return absl::StrCat("servers/", server_id, "/handlerRules/", rule_id);
}

bool HasEnded(admin::Connection::State state) {
  return state == admin::Connection::CLOSED ||
         state == admin::Connection::FAILED;
}

std::string ServerRecord::name() const { return ServerName(id); }

bool ServerRecord::Can(int capability) const {
  return std::find(gofer.capabilities.begin(), gofer.capabilities.end(),
                   capability) != gofer.capabilities.end();
}

}  // namespace goferd::model
