// ContainerFacts: what goferd hears of a gofer that runsc has started.

#ifndef GOFER_SERVER_WORKER_CONTAINER_FACTS_H_
#define GOFER_SERVER_WORKER_CONTAINER_FACTS_H_

#include <string>

#include "server/sandbox/plan.h"
#include "server/worker/gofer_facts.h"

namespace gofer::worker {

// `plan` says how the gofer confines itself, `root` is the host's path of its
// tree. Such a gofer takes no new connections. The caller fills in the limits.
// Called before the process is confined.
GoferFacts ContainerFacts(const sandbox::Plan& plan, const std::string& root);

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_CONTAINER_FACTS_H_
