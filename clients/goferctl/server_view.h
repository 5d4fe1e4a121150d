// How a Server looks.

#ifndef GOFERD_CLIENTS_GOFERCTL_SERVER_VIEW_H_
#define GOFERD_CLIENTS_GOFERCTL_SERVER_VIEW_H_

#include <string>
#include <vector>

#include "clients/goferctl/output.h"
#include "goferd/admin/v1/condition.pb.h"
#include "goferd/admin/v1/server.pb.h"

namespace goferctl {

const View<goferd::admin::v1::Server>& ServerView();

// A line for each condition.
std::vector<std::string> ConditionNotes(
    const google::protobuf::RepeatedPtrField<goferd::admin::v1::Condition>&
        conditions);

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_SERVER_VIEW_H_
