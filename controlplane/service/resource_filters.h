// The fields that the filters of lists may ask for, and their values.

#ifndef GOFERD_CONTROLPLANE_SERVICE_RESOURCE_FILTERS_H_
#define GOFERD_CONTROLPLANE_SERVICE_RESOURCE_FILTERS_H_

#include "controlplane/service/filter.h"
#include "goferd/admin/v1/connection.pb.h"
#include "goferd/admin/v1/handler_rule.pb.h"
#include "goferd/admin/v1/server.pb.h"

namespace goferd::service {

namespace admin = goferd::admin::v1;

// `state`, `origin`, `labels`.
const FilterSchema& ServerFilterSchema();
// `state`, `end_reason`, `mount_path`, `labels`.
const FilterSchema& ConnectionFilterSchema();
// `action`, `labels`.
const FilterSchema& RuleFilterSchema();

bool Matches(const Filter& filter, const admin::Server& server);
bool Matches(const Filter& filter, const admin::Connection& connection);
bool Matches(const Filter& filter, const admin::HandlerRule& rule);

}  // namespace goferd::service

#endif  // GOFERD_CONTROLPLANE_SERVICE_RESOURCE_FILTERS_H_
