// Node: everything that runs on this node, by the interfaces of its users.

#ifndef GOFERD_CONTROLPLANE_SUPERVISOR_NODE_H_
#define GOFERD_CONTROLPLANE_SUPERVISOR_NODE_H_

namespace goferd::config::v1 {
class DaemonConfig;
}  // namespace goferd::config::v1
namespace goferd::model {
class EventLog;
}  // namespace goferd::model

namespace goferd::supervisor {

class Attachments;
class Connections;
class Handlers;
class Rules;
class Servers;
class Statistics;
class Stopper;

// What the owner of it all hands out; it outlives every copy. A user takes the
// interfaces that it uses, not the Node.
struct Node {
  const config::v1::DaemonConfig& config;
  // What happened, in order; published before the call returns that caused it.
  model::EventLog& events;
  Stopper& stopper;
  Servers& servers;
  Connections& connections;
  Attachments& attachments;
  Handlers& handlers;
  Rules& rules;
  Statistics& statistics;
};

}  // namespace goferd::supervisor

#endif  // GOFERD_CONTROLPLANE_SUPERVISOR_NODE_H_
