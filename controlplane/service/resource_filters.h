// The fields that the filters of lists may ask for, and their values.

#ifndef GOFERD_CONTROLPLANE_SERVICE_RESOURCE_FILTERS_H_
#define GOFERD_CONTROLPLANE_SERVICE_RESOURCE_FILTERS_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "controlplane/service/filter.h"
#include "goferd/admin/v1/connection.pb.h"
#include "goferd/admin/v1/handler_rule.pb.h"
#include "goferd/admin/v1/server.pb.h"

namespace goferd::service {

namespace admin = goferd::admin::v1;

// `state`, `origin`, `create_time`, `labels`.
const FilterSchema& ServerFilterSchema();
// `state`, `end_reason`, `mount_path`, `mount_fd`, `create_time`, `labels`.
const FilterSchema& ConnectionFilterSchema();
// `action`, `labels`.
const FilterSchema& RuleFilterSchema();

// The value of a field that a filter asks for; nothing when the resource has no
// such field or label.
std::optional<std::string> FilterValue(const admin::Server& server,
                                       absl::string_view field);
std::optional<std::string> FilterValue(const admin::Connection& connection,
                                       absl::string_view field);
std::optional<std::string> FilterValue(const admin::HandlerRule& rule,
                                       absl::string_view field);

template <class Resource>
bool Matches(const Filter& filter, const Resource& resource) {
  return filter.Matches(
      [&](absl::string_view field) { return FilterValue(resource, field); });
}

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_RESOURCE_FILTERS_H_
