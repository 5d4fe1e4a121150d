#include "tests/unit/clients/goferctl/fake_goferd.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <sstream>

#include "clients/goferctl/run.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/server_builder.h"

namespace goferctl::test {

using namespace goferd::admin::v1;  // NOLINT: the API's own names.
using google::protobuf::Empty;
using grpc::ServerContext;
using grpc::Status;

namespace {

Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return Status::OK;
  google::rpc::Status details;
  status.ForEachPayload([&](absl::string_view url, const absl::Cord& value) {
    auto* const any = details.add_details();
    any->set_type_url(std::string(url));
    any->set_value(std::string(value));
  });
  return Status(static_cast<grpc::StatusCode>(status.code()),
                std::string(status.message()), details.SerializeAsString());
}

}  // namespace

#define ANSWER(Method, Request, Response, value)                       \
  Status Method(ServerContext*, const Request* request, Response* out) \
      override {                                                       \
    const Status status = fake_.Record(*request);                      \
    if (status.ok()) *out = value;                                     \
    return status;                                                     \
  }

class FakeGoferd::Services {
 public:
  explicit Services(FakeGoferd& fake)
      : servers_(fake),
        connections_(fake),
        handlers_(fake),
        events_(fake),
        stats_(fake),
        daemon_(fake) {}

  void Register(grpc::ServerBuilder& builder) {
    builder.RegisterService(&servers_);
    builder.RegisterService(&connections_);
    builder.RegisterService(&handlers_);
    builder.RegisterService(&events_);
    builder.RegisterService(&stats_);
    builder.RegisterService(&daemon_);
  }

 private:
  struct Base {
    explicit Base(FakeGoferd& fake) : fake_(fake) {}
    FakeGoferd& fake_;
  };
  struct Servers : Base, ServerService::Service {
    using Base::Base;
    ANSWER(CreateServer, CreateServerRequest, Server, fake_.server)
    ANSWER(GetServer, GetServerRequest, Server, fake_.server)
    ANSWER(UpdateServer, UpdateServerRequest, Server, fake_.server)
    ANSWER(DeleteServer, DeleteServerRequest, Empty, Empty())
    ANSWER(DrainServer, DrainServerRequest, Server, fake_.server)
    ANSWER(UndrainServer, UndrainServerRequest, Server, fake_.server)
    ANSWER(WaitServer, WaitServerRequest, Server, fake_.server)
    Status ListServers(ServerContext*, const ListServersRequest* request,
                       ListServersResponse* out) override {
      const Status status = fake_.Record(*request);
      const size_t page =
          request->page_token().empty() ? 0 : std::stoul(request->page_token());
      if (status.ok() && page < fake_.server_pages.size()) {
        *out = fake_.server_pages[page];
      }
      return status;
    }
  };
  struct Connections : Base, ConnectionService::Service {
    using Base::Base;
    ANSWER(StartConnection, StartConnectionRequest, StartConnectionResponse,
           fake_.started)
    ANSWER(BatchStartConnections, BatchStartConnectionsRequest,
           BatchStartConnectionsResponse, fake_.batch)
    ANSWER(GetConnection, GetConnectionRequest, Connection, fake_.connection)
    ANSWER(ListConnections, ListConnectionsRequest, ListConnectionsResponse,
           fake_.connections)
    ANSWER(StopConnection, StopConnectionRequest, Connection, fake_.connection)
    ANSWER(GetActiveConnectionCount, GetActiveConnectionCountRequest,
           GetActiveConnectionCountResponse, fake_.count)
  };
  struct Handlers : Base, HandlerService::Service {
    using Base::Base;
    ANSWER(ListHandlers, ListHandlersRequest, ListHandlersResponse,
           fake_.handlers)
    ANSWER(SetHandlers, SetHandlersRequest, SetHandlersResponse,
           fake_.set_handlers)
    ANSWER(ResetHandlers, ResetHandlersRequest, ResetHandlersResponse,
           ResetHandlersResponse())
    ANSWER(CreateHandlerRule, CreateHandlerRuleRequest, HandlerRule, fake_.rule)
    ANSWER(GetHandlerRule, GetHandlerRuleRequest, HandlerRule, fake_.rule)
    ANSWER(ListHandlerRules, ListHandlerRulesRequest, ListHandlerRulesResponse,
           ListHandlerRulesResponse())
    ANSWER(DeleteHandlerRule, DeleteHandlerRuleRequest, Empty, Empty())
    ANSWER(BatchUpsertHandlerRules, BatchUpsertHandlerRulesRequest,
           BatchUpsertHandlerRulesResponse, fake_.upserted)
  };
  struct Events : Base, EventService::Service {
    using Base::Base;
    Status WatchEvents(
        ServerContext*, const WatchEventsRequest* request,
        grpc::ServerWriter<WatchEventsResponse>* writer) override {
      const Status status = fake_.Record(*request);
      const size_t stream = next_++;
      if (!status.ok() || stream >= fake_.event_streams.size()) return status;
      for (const Event& event : fake_.event_streams[stream]) {
        WatchEventsResponse response;
        *response.add_events() = event;
        writer->Write(response);
      }
      return status;
    }
    std::atomic<size_t> next_ = 0;
  };
  struct StatsReader : Base, StatsService::Service {
    using Base::Base;
    ANSWER(GetStats, GetStatsRequest, Stats, fake_.stats)
    Status WatchStats(ServerContext*, const WatchStatsRequest* request,
                      grpc::ServerWriter<WatchStatsResponse>* writer) override {
      WatchStatsResponse response;
      *response.add_stats() = fake_.stats;
      writer->Write(response);
      return fake_.Record(*request);
    }
  };
  struct Daemon : Base, DaemonService::Service {
    using Base::Base;
    ANSWER(GetInfo, GetInfoRequest, DaemonInfo, fake_.info)
    ANSWER(SetLogLevel, SetLogLevelRequest, SetLogLevelResponse,
           SetLogLevelResponse())
    ANSWER(ListInflightRpcs, ListInflightRpcsRequest, ListInflightRpcsResponse,
           ListInflightRpcsResponse())
  };

  Servers servers_;
  Connections connections_;
  Handlers handlers_;
  Events events_;
  StatsReader stats_;
  Daemon daemon_;
};

#undef ANSWER

FakeGoferd::FakeGoferd() : services_(std::make_unique<Services>(*this)) {
  std::string pattern = testing::TempDir() + "/goferdXXXXXX";
  directory_ = ::mkdtemp(pattern.data());
  grpc::EnableDefaultHealthCheckService(true);
  grpc::ServerBuilder builder;
  builder.AddListeningPort(endpoint(), grpc::InsecureServerCredentials());
  services_->Register(builder);
  grpc_server_ = builder.BuildAndStart();
  EXPECT_NE(grpc_server_, nullptr);
}

FakeGoferd::~FakeGoferd() {
  grpc_server_->Shutdown();
  grpc_server_->Wait();
  ::unlink((directory_ + "/admin.sock").c_str());
  ::rmdir(directory_.c_str());
}

void FakeGoferd::FailWith(absl::Status status) {
  const gofer::base::MutexLock lock(mu_);
  failure_ = std::move(status);
}

std::vector<std::string> FakeGoferd::Requests() const {
  const gofer::base::MutexLock lock(mu_);
  return requests_;
}

std::string FakeGoferd::LastRequest() const {
  const gofer::base::MutexLock lock(mu_);
  return requests_.empty() ? "" : requests_.back();
}

Status FakeGoferd::Record(const google::protobuf::Message& request) {
  const gofer::base::MutexLock lock(mu_);
  requests_.push_back(request.GetDescriptor()->name() + " { " +
                      request.ShortDebugString() + " }");
  return ToGrpc(failure_);
}

Ran RunGoferctl(const std::vector<std::string>& words,
                const std::string& endpoint, const std::string& in_text,
                std::ostream* instead_of_out) {
  Ran ran;
  std::istringstream in(in_text);
  std::ostringstream out;
  std::ostringstream err;
  Environment environment{in, instead_of_out != nullptr ? *instead_of_out : out,
                          err, endpoint,
                          [&ran](const std::vector<std::string>& program) {
                            ran.program = program;
                            return ENOENT;
                          }};
  std::vector<const char*> argv = {"goferctl"};
  for (const std::string& word : words) argv.push_back(word.c_str());
  ran.code = Run(static_cast<int>(argv.size()), argv.data(), environment);
  ran.out = out.str();
  ran.err = err.str();
  return ran;
}

}  // namespace goferctl::test
