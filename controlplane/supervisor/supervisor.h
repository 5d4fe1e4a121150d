// Supervisor: owns the model of this node, and what works on it.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_SUPERVISOR_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_SUPERVISOR_H_

#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "controlplane/supervisor/node.h"

namespace goferd::supervisor {

// The model of everything that runs on this node: servers, their connections
// and rules, and the gofer processes behind them. Users get the interfaces of
// node().
//
// The gofers are processes of their own: they go on when the Supervisor is
// destroyed or dies, and the next one, on the same state directory, knows them
// again.
class Supervisor {
 public:
  // Takes the state directory of `config` (complete: every default filled in)
  // for itself, finds the gofers that live there and adopts them. Errors:
  // FAILED_PRECONDITION when another goferd has the directory, those of the
  // host otherwise; a gofer that cannot be adopted is a server UNREACHABLE.
  static absl::StatusOr<std::unique_ptr<Supervisor>> Start(
      const config::v1::DaemonConfig& config);
  ~Supervisor();

  const Node& node() const { return node_; }
  Servers& servers() { return node_.servers; }
  Connections& connections() { return node_.connections; }
  Attachments& attachments() { return node_.attachments; }
  Handlers& handlers() { return node_.handlers; }
  Rules& rules() { return node_.rules; }
  Statistics& statistics() { return node_.statistics; }
  model::EventLog& events() { return node_.events; }

  // Calls `task` soon, on the thread that looks after gofers: for whoever wants
  // to know that it turns.
  void Post(std::function<void()> task);

 private:
  class Parts;
  explicit Supervisor(std::unique_ptr<Parts> parts);

  const std::unique_ptr<Parts> parts_;
  const Node node_;
};

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_SUPERVISOR_H_
