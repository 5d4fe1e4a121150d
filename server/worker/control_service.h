// ControlService: what goferd asks of a gofer that serves, and the answers.

#ifndef GOFER_SERVER_WORKER_CONTROL_SERVICE_H_
#define GOFER_SERVER_WORKER_CONTROL_SERVICE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "goferd/worker/v1/bootstrap.pb.h"
#include "goferd/worker/v1/frame.pb.h"
#include "server/base/unique_fd.h"
#include "server/lisafs/server.h"
#include "server/rules/rule_book.h"
#include "server/worker/connection_book.h"
#include "server/worker/control_peer.h"
#include "server/worker/gofer_facts.h"

namespace gofer::worker {

// What a Shutdown asks for, until the connections have ended.
struct ShutdownRequest {
  uint64_t request_id = 0;
  int64_t close_timeout_ns = 0;
};

// Answers every request but Bootstrap, which comes before there is a server,
// and Adopt and Shutdown, which ControlThread carries out. Used by the control
// thread alone.
class ControlService {
 public:
  using Response = goferd::worker::v1::Response;

  // All four must outlive this.
  ControlService(GoferFacts& facts, lisafs::Server& server,
                 rules::RuleBook& book, ConnectionBook& connections)
      : facts_(facts),
        server_(server),
        book_(book),
        connections_(connections) {}

  // Returns the answer, or nothing for a Shutdown, which is then in shutdown().
  std::optional<Response> Serve(ControlRequest request);

  // The answer to Adopt as of now. `event_number` is the last event's. It has
  // no lists for a goferd that asks for their pages.
  goferd::worker::v1::AdoptResult Adopt(const goferd::worker::v1::Party& goferd,
                                        uint64_t event_number) const;

  const std::optional<ShutdownRequest>& shutdown() const { return shutdown_; }
  void ForgetShutdown() { shutdown_.reset(); }

 private:
  using Message = goferd::worker::v1::ToGofer;

  // How many descriptors have to come with the message.
  static size_t FdCount(const Message& message);
  // The capability that the request needs and this gofer does not have, if any.
  std::optional<goferd::worker::v1::Capability> MissingCapability(
      const Message& message) const;
  void Dispatch(const Message& message, std::vector<base::UniqueFd>& fds,
                Response& response);

  void StartConnection(const goferd::worker::v1::StartConnection& request,
                       Response& response);
  void GetStats(const goferd::worker::v1::GetStats& request,
                Response& response) const;
  void SetDraining(bool draining);
  void SetLimits(const goferd::worker::v1::ServerLimits& limits,
                 Response& response);
  void SetLogLevel(goferd::worker::v1::LogLevel level, Response& response);
  void SetDaemonData(const std::string& data, Response& response);
  void Shutdown(const Message& message, Response& response);

  GoferFacts& facts_;
  lisafs::Server& server_;
  rules::RuleBook& book_;
  ConnectionBook& connections_;
  std::optional<ShutdownRequest> shutdown_;
};

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_CONTROL_SERVICE_H_
