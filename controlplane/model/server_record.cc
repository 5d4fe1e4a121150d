#include "controlplane/model/server_record.h"

#include <algorithm>

#include "controlplane/names/resource_name.h"

namespace goferd::model {

bool HasEnded(admin::Connection::State state) {
  return state == admin::Connection::CLOSED ||
         state == admin::Connection::FAILED;
}

std::string ServerRecord::name() const { return names::FormatServerName(id); }

const ConnectionRecord* ServerRecord::FindVisible(
    absl::string_view connection_id) const {
  const auto found = connections.find(connection_id);
  if (found == connections.end() || !found->second.visible) return nullptr;
  return &found->second;
}

bool ServerRecord::Can(int capability) const {
  return std::find(gofer.capabilities.begin(), gofer.capabilities.end(),
                   capability) != gofer.capabilities.end();
}

}  // namespace goferd::model
