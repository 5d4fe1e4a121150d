// FakeGoferd: an admin API that answers what a test tells it, on a UNIX socket
// of its own.

#ifndef GOFERD_TESTS_UNIT_CLIENTS_GOFERCTL_FAKE_GOFERD_H_
#define GOFERD_TESTS_UNIT_CLIENTS_GOFERCTL_FAKE_GOFERD_H_

#include <iosfwd>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "goferd/admin/v1/connection_service.grpc.pb.h"
#include "goferd/admin/v1/daemon_service.grpc.pb.h"
#include "goferd/admin/v1/event_service.grpc.pb.h"
#include "goferd/admin/v1/handler_service.grpc.pb.h"
#include "goferd/admin/v1/server_service.grpc.pb.h"
#include "goferd/admin/v1/stats_service.grpc.pb.h"
#include "grpcpp/server.h"
#include "server/base/mutex.h"

namespace goferctl::test {

// What a run left behind.
struct Ran {
  int code = -1;
  std::string out;
  std::string err;
  // What was to be executed, if something was.
  std::vector<std::string> program;
};

// Runs goferctl with these words behind its name. GOFERCTL_ENDPOINT is
// `endpoint`. With `instead_of_out` the results go there.
Ran RunGoferctl(const std::vector<std::string>& words,
                const std::string& endpoint = "", const std::string& in = "",
                std::ostream* instead_of_out = nullptr);

// Answers every method by the canned response of its type, or by the error that
// was set, and keeps the requests. Serves until it is destroyed.
class FakeGoferd {
 public:
  FakeGoferd();
  ~FakeGoferd();

  std::string endpoint() const { return "unix:" + directory_ + "/admin.sock"; }
  const std::string& directory() const { return directory_; }

  // For all unary methods from now on.
  void FailWith(absl::Status status);
  // The requests so far, as "Type { ... }" in protobuf's short text.
  std::vector<std::string> Requests() const;
  std::string LastRequest() const;

  // Canned responses; set before the call.
  goferd::admin::v1::Server server;
  goferd::admin::v1::Connection connection;
  // By page, in order; the token of a page is its number.
  std::vector<goferd::admin::v1::ListServersResponse> server_pages;
  goferd::admin::v1::ListConnectionsResponse connections;
  goferd::admin::v1::BatchStartConnectionsResponse batch;
  goferd::admin::v1::StartConnectionResponse started;
  goferd::admin::v1::GetActiveConnectionCountResponse count;
  goferd::admin::v1::ListHandlersResponse handlers;
  goferd::admin::v1::HandlerRule rule;
  goferd::admin::v1::SetHandlersResponse set_handlers;
  goferd::admin::v1::BatchUpsertHandlerRulesResponse upserted;
  goferd::admin::v1::DaemonInfo info;
  goferd::admin::v1::Stats stats;
  // What each stream of WatchEvents sends, one after the other; then it ends.
  std::vector<std::vector<goferd::admin::v1::Event>> event_streams;

  // For the services.
  grpc::Status Record(const google::protobuf::Message& request);

 private:
  class Services;

  std::string directory_;
  std::unique_ptr<Services> services_;
  std::unique_ptr<grpc::Server> grpc_server_;

  mutable gofer::base::Mutex mu_;
  absl::Status failure_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> requests_ ABSL_GUARDED_BY(mu_);
};

}  // namespace goferctl::test

#endif  // GOFERD_TESTS_UNIT_CLIENTS_GOFERCTL_FAKE_GOFERD_H_
