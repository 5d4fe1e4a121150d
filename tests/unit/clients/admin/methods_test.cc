// The rows of methods.h against the API's own description.

#include "clients/admin/methods.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "goferd/admin/v1/connection_service.pb.h"
#include "goferd/admin/v1/daemon_service.pb.h"
#include "goferd/admin/v1/event_service.pb.h"
#include "goferd/admin/v1/handler_service.pb.h"
#include "goferd/admin/v1/server_service.pb.h"
#include "goferd/admin/v1/stats_service.pb.h"
#include "google/protobuf/descriptor.h"

namespace goferd::client {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::FileDescriptor;

// "/goferd.admin.v1.StatsService/GetStats" with a dot in place of the slash.
std::string FullName(absl::string_view path) {
  std::string name(path.substr(1));
  name[name.find('/')] = '.';
  return name;
}

// Checks the row, and returns the full name of its method.
template <class Request, class Response>
std::string CheckedName(const Method<Request, Response>& row) {
  const std::string name = FullName(row.path);
  const auto* const method =
      DescriptorPool::generated_pool()->FindMethodByName(name);
  EXPECT_NE(method, nullptr) << name;
  if (method == nullptr) return name;
  EXPECT_EQ(method->input_type(), Request::descriptor()) << name;
  EXPECT_EQ(method->output_type(), Response::descriptor()) << name;
  EXPECT_FALSE(method->server_streaming()) << name;
  return name;
}

template <class... Rows>
std::set<std::string> CheckedNames(const Rows&... rows) {
  return {CheckedName(rows)...};
}

// Every unary method of the services in these files.
std::set<std::string> UnaryMethodsOf(
    std::initializer_list<const FileDescriptor*> files) {
  std::set<std::string> names;
  for (const FileDescriptor* file : files) {
    for (int i = 0; i < file->service_count(); ++i) {
      for (int j = 0; j < file->service(i)->method_count(); ++j) {
        const auto* const method = file->service(i)->method(j);
        if (!method->server_streaming()) names.insert(method->full_name());
      }
    }
  }
  return names;
}

TEST(MethodsTest, HasARowForEveryUnaryMethodOfTheApi) {
  using namespace methods;  // NOLINT: every row.
  EXPECT_EQ(
      CheckedNames(kCreateServer, kGetServer, kListServers, kUpdateServer,
                   kDeleteServer, kDrainServer, kUndrainServer, kWaitServer,
                   kStartConnection, kBatchStartConnections, kGetConnection,
                   kListConnections, kStopConnection, kGetActiveConnectionCount,
                   kListHandlers, kSetHandlers, kResetHandlers,
                   kCreateHandlerRule, kGetHandlerRule, kListHandlerRules,
                   kDeleteHandlerRule, kBatchUpsertHandlerRules, kGetStats,
                   kGetInfo, kSetLogLevel, kListInflightRpcs),
      UnaryMethodsOf({GetServerRequest::descriptor()->file(),
                      GetConnectionRequest::descriptor()->file(),
                      ListHandlersRequest::descriptor()->file(),
                      admin::v1::WatchEventsRequest::descriptor()->file(),
                      GetStatsRequest::descriptor()->file(),
                      GetInfoRequest::descriptor()->file()}));
}

}  // namespace
}  // namespace goferd::client
