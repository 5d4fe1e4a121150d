// View of a Server.

#ifndef GOFERD_CLIENTS_GOFERCTL_SERVER_VIEW_H_
#define GOFERD_CLIENTS_GOFERCTL_SERVER_VIEW_H_

#include <string>
#include <vector>

#include "clients/goferctl/output.h"

namespace goferd::admin::v1 {
class Condition;
class Server;
}  // namespace goferd::admin::v1

namespace google::protobuf {
template <typename Element>
class RepeatedPtrField;
}  // namespace google::protobuf

namespace goferctl {

const View<goferd::admin::v1::Server>& ServerView();

// A line for each condition.
std::vector<std::string> ConditionNotes(
    const google::protobuf::RepeatedPtrField<goferd::admin::v1::Condition>&
        conditions);

}  // namespace goferctl

#endif  // GOFERD_CLIENTS_GOFERCTL_SERVER_VIEW_H_
