// Restoration: what a gofer has, brought together with what the model knows.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_RESTORATION_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_RESTORATION_H_

#include <memory>
#include <string>
#include <vector>

#include "controlplane/supervisor/context.h"
#include "controlplane/supervisor/gofer_events.h"
#include "controlplane/supervisor/kept_overrides.h"
#include "controlplane/supervisor/rule_operations.h"
#include "goferd/worker/v1/bootstrap.pb.h"

namespace goferd::supervisor {

// Two cases. A goferd that is new to a gofer takes over its connections, and
// lays the rules over it that it wrote down. One that knows the gofer already
// has all there is, and makes of what the gofer says only a difference: what
// goferd does not know is no news, but a request whose answer was lost, and is
// taken back. Every AdoptResult has passed CheckAdoptResult.
class Restoration {
 public:
  Restoration(Context& context, RuleOperations& rules, GoferEvents& events)
      : context_(context), rules_(rules), events_(events) {}

  // Uids of connections which the gofer has, and which are over for goferd.
  using Strays = std::vector<std::string>;

  // For a goferd that is new to the gofer.
  Strays RestoreConnections(ServerRecord& server,
                            const worker::v1::AdoptResult& result)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  // Asks the gofer. Takes the locks.
  void RestoreRules(const Model::ServerPtr& server, GoferLink& link,
                    const worker::v1::AdoptResult& result);

  // For one that knows it.
  Strays CompareConnections(ServerRecord& server,
                            const worker::v1::AdoptResult& result)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  void CompareRules(const Model::ServerPtr& server, GoferLink& link,
                    const worker::v1::AdoptResult& result);

  // For both. Asks the gofer.
  void CompareLimits(const Model::ServerPtr& server, GoferLink& link,
                     const worker::v1::AdoptResult& result);
  // Ends them in the gofer. Blocks.
  static void EndStrays(const Strays& strays, GoferLink& link);

 private:
  ConnectionRecord& AddConnection(ServerRecord& server,
                                  const worker::v1::Connection& from)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  int64_t MostTickets(const ServerRecord& server) const;
  // Ends the connection when it cannot have its ticket again.
  void RestoreTicket(ServerRecord& server, ConnectionRecord& record,
                     const worker::v1::Connection& from)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  // What the gofer is to change is added to `change`.
  void PutKeptRules(ServerRecord& server, const worker::v1::AdoptResult& result,
                    worker::v1::ChangeRules& change)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  void PutToldRules(ServerRecord& server, const worker::v1::AdoptResult& result,
                    worker::v1::ChangeRules& change)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(context_.model.mu);
  // Writes down what is laid over the server now, if that is new.
  void Keep(const Model::ServerPtr& server, const KeptOverrides& kept);
  static void Change(const ServerRecord& server, GoferLink& link,
                     worker::v1::ChangeRules change);

  Context& context_;
  RuleOperations& rules_;
  GoferEvents& events_;
};

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_RESTORATION_H_
